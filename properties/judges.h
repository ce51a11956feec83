// All properties at once: a sink that enters every event into the ledger and shows it to the properties that judge by its kind.
#pragma once

#include "model/events/event_sink.h"
#include "properties/admit_agrees.h"
#include "properties/block_conserved.h"
#include "properties/buffer_fits.h"
#include "properties/capacity_true.h"
#include "properties/hit_complete.h"
#include "properties/hit_maximal.h"
#include "properties/id_space.h"
#include "properties/layout_match.h"
#include "properties/live_read.h"
#include "properties/map_agrees.h"
#include "properties/offset_fits.h"
#include "properties/pad_inert.h"
#include "properties/page_unified.h"
#include "properties/ranks_agree.h"
#include "properties/row_fresh.h"
#include "properties/shard_partition.h"
#include "properties/slot_in_bounds.h"
#include "properties/window_exact.h"
#include "properties/xfer_match.h"

#include <span>
#include <tuple>
#include <utility>

namespace kv {

// In the order of PropertyId.
using AllProperties =
    std::tuple<CapacityTrue, SlotInBounds, RowFresh, MapAgrees, BufferFits, PadInert, PageUnified, HitComplete, LayoutMatch, AdmitAgrees,
               ShardPartition, XferMatch, IdSpace, BlockConserved, LiveRead, RanksAgree, HitMaximal, OffsetFits, WindowExact>;

template <class Property, class Event>
concept JudgesBy = requires(Property& property, const Event& event, const Ledger& ledger, Findings& findings) {
    property.see(event, ledger, findings);
};

class Judges : public EverySink<Judges> {
public:
    explicit Judges(EventSink* next = nullptr) : next_(next) {}

    const Findings& findings() const { return findings_; }
    const Ledger& ledger() const { return ledger_; }

    template <class Event>
    void any(const Event& event) {
        ledger_.enter(event);
        std::apply([&](auto&... property) { (show(property, event), ...); }, properties_);
        if (next_ != nullptr) next_->see(event);
    }

private:
    template <class Property, class Event>
    void show(Property& property, const Event& event) {
        if constexpr (JudgesBy<Property, Event>) property.see(event, ledger_, findings_);
    }

    EventSink* next_;
    Ledger ledger_ = {};
    Findings findings_ = {};
    AllProperties properties_ = {};
};

// What each property says of itself, in the order of PropertyId, and the kinds of events that it judges by.
std::span<const PropertyText* const> property_texts();
std::span<const std::string_view> events_of(PropertyId property);

}  // namespace kv
