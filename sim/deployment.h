// What an engine sets its data-parallel ranks to once a plan stands: schedulers, caches, block tables, the capture path.
#pragma once

#include "model/engine.h"
#include "model/plan.h"
#include "sim/lockstep_settings.h"
#include "sim/rank/rank_run.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

// What is to be captured of which model.
struct CaptureShape {
    std::int64_t layers = 1;  // Of the target, drafters apart.
    std::int64_t dense_first = 0;
    std::vector<std::int64_t> stage_layers = {};  // Of each pipeline stage; empty: one has all.
    RouterShape routers{.experts = 1, .topk = 1};
    std::int64_t redundant_experts = 0;
    std::int64_t draft_layers = 0;
    std::optional<std::int64_t> draft_first = {};  // Empty: they are numbered on from the target's.
    bool routes_inside = false;
    std::int64_t shared_experts = 0;
    std::optional<std::int64_t> router_columns = {};  // Ids that routers give of a token; empty: top-k.
    std::optional<std::int64_t> router_layer = {};    // As the first router says its layer; empty: as it is.
    std::optional<std::int64_t> reader_layers = {};   // Of a row, as whoever reads it counts them; empty: as many as it has.
};

// What planning does not ask.
struct DeploymentShape {
    std::int64_t data_ranks = 1;
    RouterView view = RouterView::joined;
    std::int64_t micro_batches = 1;
    Tokens chunk_max{0};
    bool whole_request_must_fit = true;
    std::vector<std::int64_t> graph_sizes = {};
    bool pads_ranks = false;
    Tokens expert_chunk{0};
    std::vector<std::optional<std::int64_t>> columns = {};  // Of each group's block table in place of the engine's own; empty: none.
    std::optional<CaptureShape> capture = {};
    std::uint64_t seed = 1;
    std::vector<std::int64_t> requests = {};  // That will come to each rank.
};

struct Deployment {
    std::vector<RankSettings> ranks = {};
    LockstepSettings lockstep = {};
};

// Why there is nothing to set in motion, in kvproof and not in the engine: it does not fit our memory, or nothing is cached.
struct NotDeployed {
    std::string why;
};

// Of all ranks together: more than any engine of the size of a machine needs.
inline constexpr std::int64_t deployment_bytes_max = std::int64_t{2} << 30;
inline constexpr std::int64_t data_ranks_max = RowOrigin::producer_max + 1;

// A refusal: the engine does not start so. Nothing is allocated yet. Throws SizeOverflow where a size does not fit 64 bits.
std::variant<Deployment, Refusal, NotDeployed> deploy(const Engine& engine, const Plan& plan, const Settings& settings,
                                                      const DeploymentShape& shape);

// Blocks that a row of a worker's table has room for: `length` is of the longest request, or of the longest encoder input.
Blocks row_blocks_max(const Engine& engine, const KvSpec& spec, const Settings& settings, Tokens length);

// Slots that a drafter writes past the tokens that are scheduled.
Tokens lookahead_slots(const Engine& engine, const Drafting& drafting);

std::int64_t steps_in_flight(const Engine& engine, const Settings& settings);

}  // namespace kv
