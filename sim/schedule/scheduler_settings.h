// What a rank's scheduler is set to, beside what its cache manager is made from.
#pragma once

#include "model/units.h"

#include <cstdint>
#include <optional>

namespace kv {

struct SchedulerSettings {
    Tokens batched_max{8192};        // Of a step.
    std::int64_t running_max = 256;  // Requests at once.
    Tokens chunk_max = {};           // Of one request's prefill in a step; 0: as many as there is budget for.
    bool asynchronous = false;       // A step is scheduled before the one before it has settled.
    bool whole_request_must_fit = true;
    std::int64_t drafts_max = 0;                     // Guessed tokens of a request in a step,
    Tokens lookahead = {};                           // and slots that the drafter writes beyond them.
    Tokens encoder_room = {};                        // For outputs of encoders, and what a step computes of them; 0: not counted.
    std::optional<TokensPerBlock> state_block = {};  // Mamba in mode align: chunks end where a state is kept.
};

}  // namespace kv
