// The capture path of one rank: from what its routers are offered in a step to the rows that its requests are given.
#pragma once

#include "model/capture/router_offer.h"
#include "model/capture/row_delivery.h"
#include "model/capture/step_capture.h"
#include "model/capture/step_rows.h"
#include "model/events/event_sink.h"
#include "sim/lockstep.h"
#include "sim/schedule/scheduler.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kv {

struct CaptureSettings {
    RowSetup rows;
    StepBufferShape buffer;
    RouterView view = RouterView::joined;
    std::int64_t tp_size = 1;
    std::size_t group = 0;  // Whose slots rows have.
    std::int64_t data_ranks = 1;
    std::optional<std::int64_t> router_columns = {};  // Ids that routers give of a token; empty: those of a row.
    std::optional<std::int64_t> router_layer = {};    // As the first router says its layer; empty: as it is.
    std::optional<std::int64_t> reader_layers = {};   // Of a row, as whoever reads rows counts them.
};

// One step of all ranks, as far as each can see the others.
struct StepOfRanks {
    std::span<const std::int64_t> tokens;           // Of each rank.
    std::span<const BatchSize> batches;             // Of each rank.
    std::span<const std::span<const RowTag>> rows;  // Of each rank, one for each of its tokens.
};

class CapturedRows {
public:
    // Throws RefusedByEngine where the engine does not start with it.
    CapturedRows(const Engine& engine, const CaptureSettings& settings, RankId rank, EventSink& sink);

    std::size_t group() const { return settings_.group; }
    // The buffers that were made, and what a row is.
    void tell() const;

    // What happens to requests; each throws RefusedByEngine where the engine raises.
    void arrive(const LiveRequest& request);
    void admit(const LiveRequest& request, const BlocksAsked& asked);
    void known(const LiveRequest& request);
    void stop(const LiveRequest& request);                      // Its last token is out; its blocks are still its own.
    void leave(const LiveRequest& request, RowsInFlight rows);  // Preempted or aborted.

    void reset_prefixes() { delivery_.reset_prefixes(); }

    void begin(std::span<const StepPart> parts);
    // The routers run, of a batch of nobody's tokens too; the rows of tokens are then stored in their slots.
    void compute(StepId step, const StepOfRanks& ranks, std::span<const std::int64_t> slots);
    void settle();

private:
    void capture(StepId step, const StepOfRanks& ranks, std::int64_t part);
    void copy(const CopiedRows& copied, const StepOfRanks& ranks);
    std::span<const std::int64_t> writer_slots(std::span<const std::int64_t> slots);
    void tell_read(const LiveRequest& request);

    const Engine engine_;
    CaptureSettings settings_;
    RankId rank_;
    EventSink& sink_;
    RowDelivery delivery_;
    StepRows step_rows_;
    bool by_slot_;                                // A buffer has a row for each slot, and
    std::optional<std::int64_t> pad_slot_;        // this is the one that PAD writes to.
    RouterOffer offer_ = {};                      // Of the part of a step at work,
    std::vector<std::int64_t> part_tokens_ = {};  // and what each rank has in it:
    std::vector<std::int64_t> part_rows_ = {};    // tokens, and rows with padding.
    std::vector<StepRequest> requests_ = {};
    std::vector<const LiveRequest*> live_ = {};   // These requests.
    std::vector<std::int64_t> first_slots_ = {};  // Of their tokens, where rows go by the ids of group 0.
    std::int64_t buffer_first_ = 0;               // Where in the step buffer this rank's rows begin.
    std::optional<std::int64_t> decode_graph_rows_ = {};
    std::vector<RowTag> tags_ = {};
    std::vector<RowTag> wanted_ = {};
};

}  // namespace kv
