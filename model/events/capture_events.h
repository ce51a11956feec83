// What becomes of a step's tokens: which slots they have, and the rows of routed experts that are captured, kept and delivered. Spans live
// until the call returns.
#pragma once

#include "model/addressing/position_run.h"
#include "model/capture/provenance.h"
#include "model/capture/step_capture.h"
#include "model/events/event_ids.h"
#include "model/refusal.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace kv {

enum class SlotUser : std::uint8_t { worker, reader };

// The slots of a step's tokens in a group, in the order of the runs; PAD after the last of them where the batch is padded.
struct SlotsMapped {
    RankId rank{};
    StepId step{};
    std::size_t group = 0;
    SlotUser user = SlotUser::worker;
    std::span<const PositionRun> runs;
    std::span<const std::int64_t> slots;
};

// What the routers of all layers were given, alike: their tensor, and what the engine knows of it.
struct RowsOffered {
    RankId rank{};
    StepId step{};
    std::int64_t layers = 0;
    const RouterCall& call;
    const Dispatch& dispatch;
};

// What the engine made of it: a copy, nothing, or an error.
struct RowsCaptured {
    RankId rank{};
    StepId step{};
    const Captured& captured;
};

// The step's rows went to their slots, or with its output.
struct RowsStored {
    RankId rank{};
    StepId step{};
    std::span<const std::int64_t> slots;
    std::span<const RowTag> rows;
};

// What a request is given: rows of consecutive positions, each beside the one that it should be.
struct RowsDelivered {
    RankId rank{};
    RequestId request{};
    std::int64_t first = 0;          // Position.
    std::int64_t columns = 1;        // Tags of a row: the target's, and the drafter's where it writes too.
    std::span<const RowTag> rows;    // `columns` a position,
    std::span<const RowTag> wanted;  // and one: the target's.
};

// The engine raises; the rank is then of no further use.
struct EngineFault {
    RankId rank{};
    StepId step{};
    const Refusal& refusal;
};

}  // namespace kv
