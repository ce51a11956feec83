#include "harness/capacity_pool.h"

#include "model/cache/planned_cache.h"
#include "model/capacity_count.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kv {

namespace {

constexpr std::size_t points_asked_max = 12;
constexpr std::size_t points_of_default_curve_max = 6;
constexpr std::int64_t shortest_of_default_curve = 64;
constexpr std::int64_t shares_of_default_curve = 1024;

// Full attention and what derives from it, states kept at every block, and custom kinds without a window.
bool grows_with_request(const KvSpec& spec) {
    if (full_of(spec) != nullptr) return true;
    if (const auto* mamba = std::get_if<MambaSpec>(&spec)) return mamba->mode == MambaMode::all;
    const auto* custom = std::get_if<CustomSpec>(&spec);
    return custom != nullptr && !custom->window;
}

void add_lengths(std::vector<Tokens>& lengths, LengthRange range, std::int64_t factor) {
    for (std::int64_t length = range.least.value; length < range.most.value;) {
        lengths.push_back(Tokens{length});
        if (length > range.most.value / factor) break;
        length *= factor;
    }
    lengths.push_back(range.most);
}

LengthRange lengths_asked(const CapacityQuestion& question, Tokens model_len_max) {
    if (question.lengths) return *question.lengths;
    const std::int64_t longest = model_len_max.value;
    const std::int64_t least = std::min(longest, std::max(shortest_of_default_curve, longest / shares_of_default_curve));
    return {Tokens{least}, model_len_max};
}

std::vector<GroupUse> groups_of(const PlannedFile& planned) {
    std::vector<GroupUse> groups;
    for (const PlannedGroup& group : planned.groups)
        groups.push_back({.spec = group.spec,
                          .layers = group.layers.size(),
                          .bundle = group.bundle,
                          .grows = grows_with_request(group.spec),
                          .real_per_block = group.real_per_block});
    return groups;
}

// The blocks that a request holds when it is idle, by group; none for no request.
std::vector<Blocks> idle_blocks(const Engine& engine, const CapacityCase& given, Tokens length, std::size_t groups) {
    if (length > Tokens{0}) {
        const CapacityOutcome outcome = count_capacity(engine, given, length);
        const auto* truth = std::get_if<CapacityTruth>(&outcome);
        if (truth != nullptr && truth->idle_blocks.size() == groups) return truth->idle_blocks;
    }
    return std::vector<Blocks>(groups);
}

std::optional<MemoryUse> memory_use(const AskedEngine& asked, const CapacityCase& given, const CapacityPool& pool) {
    const CapacityTruth* truth = pool.truth();
    if (truth == nullptr || (truth->requests > 0 && truth->idle_blocks.size() != pool.groups.size())) return std::nullopt;
    const std::vector<Blocks> further = idle_blocks(asked.engine, given, truth->further, pool.groups.size());
    MemoryUse use{.memory = std::accumulate(pool.memory.begin(), pool.memory.end(), Bytes{0})};
    for (std::size_t g = 0; g < pool.groups.size(); ++g) {
        Blocks held = further[g];
        if (truth->requests > 0) held += truth->requests * truth->idle_blocks[g];
        const Bytes stored = held.value * pool.groups[g].real_per_block;
        (pool.groups[g].grows ? use.growing : use.bounded) += stored;
    }
    const Blocks others{1};  // The null block.
    const Blocks held = pool.blocks - others - truth->free;
    use.padding = held.value * pool.block_bytes - use.growing - use.bounded;
    use.null_block = others.value * pool.block_bytes;
    use.free = truth->free.value * pool.block_bytes;
    use.rest = use.memory - pool.blocks.value * pool.block_bytes;
    return use;
}

}  // namespace

CapacityCase capacity_case(const Engine& engine, const Plan& plan, const Settings& settings) {
    return {.setup = planned_cache(engine, plan, settings),
            .batched_max = settings.batched_max,
            .encoder_tokens = longest_encoder_input(settings)};
}

std::vector<Tokens> curve_lengths(LengthRange range, Tokens model_len_max, std::size_t points_max) {
    std::vector<Tokens> lengths;
    for (std::int64_t factor = 2; lengths.empty() || lengths.size() > points_max; factor *= 2) {
        lengths.clear();
        add_lengths(lengths, range, factor);
    }
    if (range.least < model_len_max && model_len_max < range.most) lengths.push_back(model_len_max);
    std::ranges::sort(lengths);
    lengths.erase(std::ranges::unique(lengths).begin(), lengths.end());
    return lengths;
}

CapacityPool make_pool(const AskedEngine& asked, const ModelFile& model, const PlannedFile& planned, const CapacityQuestion& question) {
    CapacityPool pool{.engine = asked.spelling,
                      .settings = model.settings,
                      .model_len_max = planned.model_len_max,
                      .memory = model.memory,
                      .assumed = model.assumed};
    pool.groups = groups_of(planned);
    if (const auto* refused = std::get_if<RefusedPlan>(&planned.outcome)) {
        pool.refusal = refused->refusal;
        return pool;
    }
    const Plan& plan = std::get<Plan>(planned.outcome);
    pool.blocks = plan.scheduler.blocks;
    for (const WorkerPlan& worker : plan.workers) pool.block_bytes += Bytes{worker.bytes_per_block.value};
    if (plan.scheduler.groups.empty()) return pool;
    const CapacityCase given = capacity_case(asked.engine, plan, model.settings);
    LengthRange range = lengths_asked(question, pool.model_len_max);
    if (range.least > pool.model_len_max) return pool;
    range.most = std::min(range.most, pool.model_len_max);
    const std::size_t points_max = question.lengths ? points_asked_max : points_of_default_curve_max;
    const std::vector<Tokens> lengths = curve_lengths(range, pool.model_len_max, points_max);
    for (const Tokens length : lengths) pool.curve.push_back({length, count_capacity(asked.engine, given, length)});
    pool.at = pool.curve.size() - 1;
    pool.grain = capacity_grain(asked.engine, given, pool.point().length);
    pool.memory_use = memory_use(asked, given, pool);
    if (question.workload != nullptr) pool.workload = fit_workload(asked.engine, given, *question.workload, pool.model_len_max);
    return pool;
}

}  // namespace kv
