// The properties over whole runs: the reference gives no finding, whatever comes.
#include "properties/judges.h"
#include "sim/plan_events.h"
#include "sim/simulation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace kv::test {
namespace {

Engine engine(const std::string& spelling) { return std::get<Engine>(engine_spelled(spelling)); }

constexpr TokensPerBlock block{16};
const AttentionCache cache{.block = block, .kv_heads = 1, .head_size = 64, .head_size_v = 64, .dtype = DType::bfloat16};

struct Asked {
    std::int64_t own = 40;
    std::int64_t outputs = 8;
    std::int64_t shared = 0;
    std::int64_t step = 0;
    std::optional<std::int64_t> abort_at = {};
    ExternalTokens external = {};
    std::int64_t load_steps = 0;
};

struct AnyCase {
    std::vector<KvSpec> groups = {};
    std::int64_t blocks = 64;
    std::int64_t batched_max = 64;
    std::int64_t running_max = 8;
    std::int64_t drafts = 0;
    bool asynchronous = false;
    bool prefix_caching = true;
    std::size_t capture_group = 0;
    std::int64_t ranks = 1;
    RouterView view = RouterView::joined;
    LockstepSettings lockstep = {};
    std::vector<Asked> asked = {};
    std::vector<TimedReset> resets = {};
};

class World : public Outside {
public:
    explicit World(const AnyCase& any) : any_(any), waited_(any.asked.size()) {}
    ExternalTokens external(RequestId request, std::int64_t hit) override {
        ExternalTokens external = of(request).external;
        external.tokens = std::max<std::int64_t>(0, external.tokens - hit);
        external.waits = external.waits && external.tokens > 0;
        return external;
    }
    std::optional<std::int64_t> loaded(RequestId request, std::int64_t tokens) override {
        if (waited_[static_cast<std::size_t>(request)]++ < of(request).load_steps) return std::nullopt;
        return tokens;
    }
    std::int64_t accepted(RequestId request, std::int64_t drafts) override { return static_cast<std::int64_t>(request) % (drafts + 1); }

private:
    const Asked& of(RequestId request) const { return any_.asked[static_cast<std::size_t>(request)]; }
    const AnyCase& any_;
    std::vector<std::int64_t> waited_;
};

RankSettings rank_of(const AnyCase& any, std::int64_t rank) {
    RankSettings settings{.rank = RankId{static_cast<std::int32_t>(rank)},
                          .scheduler = {.batched_max = Tokens(any.batched_max),
                                        .running_max = any.running_max,
                                        .asynchronous = any.asynchronous,
                                        .drafts_max = any.drafts,
                                        .lookahead = Tokens(any.drafts)},
                          .cache = {.blocks = Blocks(any.blocks),
                                    .prefix_caching = any.prefix_caching,
                                    .model_len_max = Tokens{4096},
                                    .hash_block = block,
                                    .scheduler_block = block,
                                    .in_flight_max = Tokens(2 * any.batched_max)},
                          .tables = {},
                          .batch = {.rows = any.running_max},
                          .steps_in_flight = any.asynchronous ? 2 : 1};
    for (const KvSpec& spec : any.groups) {
        settings.cache.groups.push_back({spec});
        settings.cache.scheduler_block = std::max(settings.cache.scheduler_block, block_of(spec));
        settings.tables.push_back({.block = block_of(spec), .kernel_block = block_of(spec), .row_blocks_max = Blocks{300}});
    }
    const RowModel model{.layers = 4, .routers = {.experts = 32, .topk = 4}};
    settings.capture = CaptureSettings{.rows = {.model = model,
                                                .seed = 3,
                                                .rows = any.blocks * block.value,
                                                .object_rows = block.value,
                                                .prefix_caching = any.prefix_caching,
                                                .address = SlotAddress(block),
                                                .requests_max = 64,
                                                .running_max = any.running_max,
                                                .batched_max = 128,
                                                .steps_in_flight_max = settings.steps_in_flight},
                                       .buffer = {.rows = 128, .layers = 4, .columns = 4},
                                       .view = any.view,
                                       .group = any.capture_group};
    return settings;
}

// The findings of a run, in words.
std::string findings_of(const std::string& spelling, const AnyCase& any) {
    const Engine made = engine(spelling);
    Judges judges;
    Settings settings{.model_len_max = Tokens{4096}, .batched_max = Tokens(any.batched_max), .prefix_caching = any.prefix_caching};
    std::vector<GroupFacts> groups;
    for (const KvSpec& spec : any.groups) groups.push_back(group_facts(made, spec, settings));
    judges.see(PlanMade{.engine = spelling,
                        .blocks = Blocks(any.blocks),
                        .model_len_max = settings.model_len_max,
                        .scheduler_block = Tokens(block.value),
                        .checked = false,
                        .prefix_caching = any.prefix_caching,
                        .groups = groups});
    std::vector<RankSettings> ranks;
    for (std::int64_t rank = 0; rank < any.ranks; ++rank) ranks.push_back(rank_of(any, rank));
    Happenings happenings;
    happenings.resets = any.resets;
    for (std::size_t place = 0; place < any.asked.size(); ++place)
        happenings.requests.push_back({.step = any.asked[place].step,
                                       .rank = RankId{static_cast<std::int32_t>(static_cast<std::int64_t>(place) % any.ranks)},
                                       .abort_at = any.asked[place].abort_at});
    happenings.make = [&](std::size_t place) {
        const Asked& asked = any.asked[place];
        NewRequest request{.text = RequestText(block), .prompt = asked.shared + asked.own, .outputs_max = asked.outputs};
        request.text.append({.stream = 1, .first = 0, .count = asked.shared});
        request.text.append({.stream = 100 + static_cast<std::int64_t>(place), .first = 0, .count = asked.own + asked.outputs + 16});
        return request;
    };
    World world(any);
    Simulation simulation(made, ranks, any.lockstep, happenings, world, judges);
    simulation.run(20'000);
    std::ostringstream words;
    if (simulation.fault()) words << "raised in " << simulation.fault()->raised_in << ": " << simulation.fault()->message << '\n';
    if (simulation.left() > 0) words << simulation.left() << " requests are left after " << simulation.steps() << " steps\n";
    for (const Finding& finding : judges.findings().all())
        words << property_ids[static_cast<std::size_t>(finding.property)] << ": " << finding.message << " (" << finding.times << "x, group "
              << finding.group.value_or(-1) << ", request " << static_cast<std::int64_t>(finding.request.value_or(RequestId{-1})) << ")\n";
    return words.str();
}

AnyCase any_case() {
    AnyCase any;
    any.blocks = *rc::gen::inRange<std::int64_t>(24, 90);
    any.batched_max = *rc::gen::inRange<std::int64_t>(8, 100);
    any.running_max = *rc::gen::inRange<std::int64_t>(1, 6);
    any.drafts = *rc::gen::element<std::int64_t>(0, 0, 1, 3);
    any.asynchronous = *rc::gen::arbitrary<bool>();
    any.prefix_caching = *rc::gen::element(true, true, false);
    const auto window = [] { return Tokens(*rc::gen::inRange<std::int64_t>(1, 80)); };
    switch (*rc::gen::inRange(0, 5)) {
        case 0:
            any.groups = {FullSpec{.cache = cache}};
            break;
        case 1:
            any.groups = {SlidingWindowSpec{.cache = cache, .window = window()}, FullSpec{.cache = cache}};
            break;
        case 2:
            any.groups = {FullSpec{.cache = cache}, ChunkedLocalSpec{.cache = cache, .chunk = Tokens(16 * *rc::gen::inRange(1, 5))}};
            break;
        case 3:
            any.groups = {FullSpec{.cache = cache}, SlidingWindowSpec{.cache = cache, .window = window()},
                          SlidingWindowSpec{.cache = cache, .window = window()}};
            break;
        default:
            any.groups = {MambaSpec{.block = TokensPerBlock{4096}, .states = {{.shape = {1024}}}}, FullSpec{.cache = cache}};
            any.prefix_caching = false;
            any.blocks += 20;
            any.drafts = 0;
            break;
    }
    for (std::size_t group = 0; group < any.groups.size(); ++group)
        if (std::holds_alternative<FullSpec>(any.groups[group])) any.capture_group = group;
    any.blocks *= std::ssize(any.groups);
    any.ranks = *rc::gen::element<std::int64_t>(1, 1, 2, 3);
    any.view = static_cast<RouterView>(*rc::gen::inRange<std::size_t>(0, router_view_names.size()));
    any.lockstep.micro_batches = *rc::gen::inRange<std::int64_t>(1, 3);
    any.lockstep.graph_sizes = *rc::gen::element(std::vector<std::int64_t>{}, std::vector<std::int64_t>{1, 4, 16, 64, 100});
    const auto count = *rc::gen::inRange<std::size_t>(1, 9);
    for (std::size_t i = 0; i < count; ++i) {
        Asked asked{.own = *rc::gen::inRange<std::int64_t>(1, 60),
                    .outputs = *rc::gen::inRange<std::int64_t>(1, 40),
                    .shared = *rc::gen::element<std::int64_t>(0, 16, 33, 64, 80),
                    .step = *rc::gen::inRange<std::int64_t>(0, 30)};
        if (*rc::gen::inRange(0, 5) == 0) asked.abort_at = asked.step + *rc::gen::inRange<std::int64_t>(0, 20);
        any.asked.push_back(asked);
    }
    if (*rc::gen::inRange(0, 3) == 0) any.resets.push_back({.step = *rc::gen::inRange<std::int64_t>(0, 40), .preempt_running = true});
    return any;
}

RC_GTEST_PROP(JudgedRuns, OfTheReferenceGiveNoFinding, ()) {
    const std::string words = findings_of("reference", any_case());
    RC_ASSERT(words == "");
}

}  // namespace
}  // namespace kv::test
