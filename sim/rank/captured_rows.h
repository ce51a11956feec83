// The capture path of one rank: from what its routers are offered in a step to the rows that its requests are given.
#pragma once

#include "model/capture/router_offer.h"
#include "model/capture/row_delivery.h"
#include "model/capture/step_rows.h"
#include "model/events/event_sink.h"
#include "sim/schedule/scheduler.h"
#include "sim/worker/batch_rows.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kv {

struct CaptureSettings {
    RowSetup rows;
    StepBufferShape buffer;
    RouterView view = RouterView::joined;
    std::int64_t tp_size = 1;
    std::size_t group = 0;  // Whose slots rows have.
};

// One step of all ranks, as far as each can see the others.
struct StepOfRanks {
    std::span<const std::int64_t> tokens;           // Of each rank.
    std::span<const std::span<const RowTag>> rows;  // Of each rank, one for each of its tokens.
    std::int64_t padding = 0;                       // Beyond the largest rank's, where the view pads.
};

class CapturedRows {
public:
    CapturedRows(const Engine& engine, const CaptureSettings& settings, RankId rank, EventSink& sink);

    std::size_t group() const { return settings_.group; }

    // What happens to requests; each throws RefusedByEngine where the engine raises.
    void arrive(const LiveRequest& request);
    void admit(const BlocksAsked& asked);
    void known(const LiveRequest& request);
    void stop(const LiveRequest& request);                      // Its last token is out; its blocks are still its own.
    void leave(const LiveRequest& request, RowsInFlight rows);  // Preempted or aborted.

    void reset_prefixes() { delivery_.reset_prefixes(); }

    void begin(std::span<const StepPart> parts);
    void compute(StepId step, const StepOfRanks& ranks, std::span<const std::int64_t> slots);
    void settle();

private:
    std::int64_t place(RequestId request) const { return static_cast<std::int64_t>(request); }
    void capture(StepId step, const StepOfRanks& ranks);
    void copy(const CopiedRows& copied, const StepOfRanks& ranks);

    const Engine engine_;
    CaptureSettings settings_;
    RankId rank_;
    EventSink& sink_;
    RowDelivery delivery_;
    StepRows step_rows_;
    RouterOffer offer_ = {};  // Of the step at work.
    std::vector<StepRequest> requests_ = {};
    std::vector<RowTag> tags_ = {};
    std::vector<RowTag> wanted_ = {};
};

}  // namespace kv
