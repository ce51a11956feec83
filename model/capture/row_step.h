// What a delivery is told: requests, the steps of a worker that compute them, and what its caller says when rows are due.
#pragma once

#include "model/addressing/slot_address.h"
#include "model/cache/prefix_key.h"
#include "model/capture/row_format.h"
#include "model/units.h"

#include <cstdint>
#include <optional>
#include <span>

namespace kv {

// A request goes by its place in tables that its caller sizes; a place is free for another once no step in flight has the request.
struct RowRequest {
    std::int64_t prompt = 0;       // Tokens.
    std::int64_t asked_first = 0;  // Rows are wanted from this position on; no later than the prompt's end.
    bool opted_in = true;
};

// When a request gets its first blocks, and again when it is resumed.
struct RowAdmission {
    std::int64_t hit = 0;                  // Its first so many tokens were found in the prefix cache.
    std::int64_t loaded = 0;               // The next so many came from elsewhere.
    std::span<const BlockId> blocks = {};  // Of the capture group, at least those of hit and load.
};

struct StepRequest {
    std::int64_t request = 0;
    std::int64_t first = 0;     // Position.
    std::int64_t tokens = 1;    // Drafts included.
    std::int64_t rejected = 0;  // Of the last of these.
    bool sampled = true;        // False: in the middle of a prompt, no token comes out.
};

// One worker's. Rows and slots stand in the order of the requests' tokens.
struct RowStep {
    std::span<const StepRequest> requests = {};
    std::span<const std::int64_t> slots = {};  // Of the capture group; PAD after the last token where a batch is padded.
    std::span<const RowTag> rows = {};         // One for each slot, of `RowFormat::columns` tags.
};

// What becomes of the rows of a request's steps in flight when it gives its blocks back: as what becomes of the tokens that they put out.
enum class RowsInFlight : std::uint8_t { dropped, kept };

struct RowsDue {
    std::int64_t tokens = 1;               // The last sampled one included: it has no row, for it was never computed.
    std::span<const BlockId> blocks = {};  // Of the capture group.
};

struct DeliveredRows {
    std::int64_t first = 0;  // Position of the first row.
    std::int64_t count = 0;
    std::span<const RowTag> rows = {};  // Until the next call.
};

struct RowSetup {
    RowModel model = {};
    std::uint64_t seed = 0;                        // Of the experts that rows stand for.
    std::int64_t rows = 0;                         // Of the side buffer.
    std::optional<std::int64_t> reader_rows = {};  // As whoever reads it sizes it; empty: alike.
    std::int64_t object_rows = 1;                  // Tokens of a hash block.
    bool prefix_caching = true;                    // Requests have keys of their hash blocks.
    SlotAddress address{TokensPerBlock{1}};        // Of the capture group.
    std::int64_t requests_max = 1;                 // Places of requests.
    std::int64_t running_max = 1;                  // Requests at a time.
    std::int64_t batched_max = 1;                  // Tokens of a step, padding included.
    std::int64_t steps_in_flight_max = 1;
};

}  // namespace kv
