// What fits, in the figures of the threads; each is what the released engine's own manager was recorded to hold.
#include "model/capacity_verdict.h"
#include "sim/capacity_experiment.h"
#include "tests/sim/capacity_cases.h"

namespace kv::testing {
namespace {

struct Model {
    std::vector<KvSpec> groups;
    std::int64_t blocks;
    std::int64_t budget;
    std::int64_t len_max;
};

CapacityCase case_of(const Model& model) {
    CapacityCase given{.setup = {.blocks = Blocks{model.blocks}, .model_len_max = Tokens{model.len_max}},
                       .batched_max = Tokens{model.budget}};
    std::int64_t multiple = 1, divisor = 0;
    for (const KvSpec& spec : model.groups) {
        given.setup.groups.push_back({.spec = spec});
        multiple = std::lcm(multiple, block_of(spec).value);
        divisor = std::gcd(divisor, block_of(spec).value);
    }
    given.setup.scheduler_block = TokensPerBlock{multiple};
    given.setup.hash_block = TokensPerBlock{divisor};
    return given;
}

// Counted, and filled by the manager: both say the same.
CapacityTruth truth_of(std::string_view engine, const Model& model, std::int64_t length) {
    const CapacityCase given = case_of(model);
    const CapacityOutcome counted = count_capacity(engine_of(engine), given, Tokens{length});
    EXPECT_EQ(text_of(counted), text_of(construct_capacity(engine_of(engine), given, Tokens{length})));
    if (const auto* truth = std::get_if<CapacityTruth>(&counted)) return *truth;
    ADD_FAILURE() << text_of(counted);
    return {.length = Tokens{1}};
}

// What the engine reports of a model with one layer in each of these groups.
Capacity reported_by(const std::string& engine, const Model& model) {
    Settings settings;
    settings.model_len_max = Tokens{model.len_max};
    settings.batched_max = Tokens{model.budget};
    settings.blocks_override = Blocks{model.blocks};
    settings.async_scheduling = false;  // One batch in flight, as in the experiment.
    return plan_of(engine, model_of(model.groups), settings, {64 * gib}).capacity.value_or(Capacity{});
}

Verdict verdict(const std::string& engine, const Model& model, Tokens reported) {
    const CapacityTruth truth = truth_of(engine, model, model.len_max);
    return judge_capacity(reported, truth.tokens(), capacity_grain(engine_of(engine), case_of(model), truth.length)).verdict;
}

const Model window_and_full_160k{{full({}), window({}, 4096)}, 15000, 2048, 160000};

TEST(WindowOf4096AndFull, HoldsOneRequestOf160000TokensAndPartOfASecond) {
    const CapacityTruth old = truth_of("vllm-0.18.0", window_and_full_160k, 160000);
    EXPECT_EQ(old.requests, 1);
    EXPECT_EQ(old.tokens(), Tokens{230705});
    EXPECT_EQ(truth_of("vllm-0.32.0", window_and_full_160k, 160000).tokens(), Tokens{229728});  // Its gate keeps the window's peak free.
    EXPECT_EQ(old.idle_blocks, (std::vector{Blocks{10000}, Blocks{256}}));
    EXPECT_EQ(old.peak_blocks, (std::vector{Blocks{10000}, Blocks{384}}));
}

TEST(WindowOf4096AndFull, IsReportedAsHalfAsTwiceAndAsWhatFits) {
    const auto tokens = [](const std::string& engine) { return reported_by(engine, window_and_full_160k).reported; };
    EXPECT_EQ(tokens("vllm-0.18.0"), Tokens{120000});
    EXPECT_EQ(tokens("vllm-0.18.0+40384-positive-list"), Tokens{240000});
    EXPECT_EQ(tokens("vllm-0.32.0"), Tokens{231102});
    EXPECT_EQ(tokens("reference"), Tokens{229728});
    EXPECT_EQ(verdict("vllm-0.18.0", window_and_full_160k, Tokens{120000}), Verdict::under_reports);
    EXPECT_EQ(verdict("vllm-0.18.0", window_and_full_160k, Tokens{240000}), Verdict::over_reports);
    EXPECT_EQ(verdict("vllm-0.32.0", window_and_full_160k, Tokens{231102}), Verdict::over_reports);
    EXPECT_EQ(verdict("vllm-0.32.0", window_and_full_160k, Tokens{229728}), Verdict::is_true);
}

const Model window_only{{window({}, 1024)}, 600, 8192, 131072};

TEST(WindowOnly, HoldsMoreTokensThanEitherEngineReports) {
    EXPECT_EQ(reported_by("vllm-0.18.0", window_only).reported, Tokens{9600});
    EXPECT_EQ(reported_by("vllm-0.32.0", window_only).reported, Tokens{136296});
    EXPECT_EQ(truth_of("vllm-0.18.0", window_only, 131072).tokens(), Tokens{146801});
    EXPECT_EQ(truth_of("vllm-0.32.0", window_only, 131072).tokens(), Tokens{139632});
    EXPECT_EQ(verdict("vllm-0.18.0", window_only, Tokens{9600}), Verdict::under_reports);
    EXPECT_EQ(verdict("vllm-0.32.0", window_only, Tokens{136296}), Verdict::under_reports);
    EXPECT_EQ(reported_by("reference", window_only).reported, Tokens{139632});
}

TEST(WindowOf128AndFull, HoldsTwiceTheShortRequestsThatAreReported) {
    struct Row {
        std::int64_t length, held;
        double reported;
    };
    for (const Row row : {Row{2048, 146, 77.82}, Row{8192, 37, 19.51}, Row{32768, 9, 7.79}, Row{131072, 2, 2.30}}) {
        const Model model{{window({}, 128), full({})}, 20000, 8192, 131072};
        for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
            EXPECT_EQ(truth_of(engine, model, row.length).requests, row.held) << engine << ' ' << row.length;
            const Model at{model.groups, model.blocks, model.budget, row.length};
            EXPECT_NEAR(reported_by(engine, at).concurrency, row.reported, 0.005) << engine << ' ' << row.length;
        }
    }
}

TEST(OneAttentionAndThreeStates, HoldAlmostFourTimesWhatIsReported) {
    constexpr std::int64_t page = 784 * 4 * 256 * 2 * 2;
    const KvSpec state = mamba(32768, page);
    const Model model{{state, state, state, full({784, 4, 256})}, 1487, 16384, 32768};
    const CapacityTruth old = truth_of("vllm-0.18.0", model, 32768);
    EXPECT_EQ(reported_by("vllm-0.18.0", model).reported, Tokens{290864});
    EXPECT_EQ(old.requests, 33);
    EXPECT_EQ(old.tokens(), Tokens{33 * 32768});
    const Judgement judgement = judge_capacity(Tokens{290864}, old.tokens(), Tokens{784});
    EXPECT_EQ(judgement.verdict, Verdict::under_reports);
    EXPECT_NEAR(*judgement.ratio, 0.269, 0.0005);
    EXPECT_EQ(truth_of("vllm-0.32.0", model, 32768).tokens(), old.tokens());
    EXPECT_EQ(old.idle_blocks, (std::vector{Blocks{1}, Blocks{1}, Blocks{1}, Blocks{42}}));
}

TEST(FullOnly, HoldsHalfTheRequestsOneTokenPastABlock) {
    const Model model{{full({})}, 4097, 2048, 65536};
    for (const std::string engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        EXPECT_EQ(truth_of(engine, model, 15).requests, 4096);
        EXPECT_EQ(truth_of(engine, model, 16).requests, 4096);
        EXPECT_EQ(truth_of(engine, model, 17).requests, 2048);
        EXPECT_EQ(truth_of(engine, model, 17).further, Tokens{0});
        EXPECT_EQ(truth_of(engine, model, 65536).tokens(), Tokens{65536});
        EXPECT_EQ(truth_of(engine, model, 65536).free, Blocks{0});
    }
}

TEST(AlignedStatesOnly, HoldFewerRequestsOneTokenPastABlockThanTwoTokensPastIt) {
    KvSpec state = mamba(528, 64, MambaMode::align);
    std::get<MambaSpec>(state).speculative_blocks = 2;
    const Model model{{state, state}, 101, 2048, 8192};
    const auto requests = [&](std::int64_t length) { return truth_of("vllm-0.18.0", model, length).requests; };
    EXPECT_EQ(requests(528), 16);
    EXPECT_EQ(requests(529), 12);  // The state before the running one is still held: the last step has just moved on.
    EXPECT_EQ(requests(530), 16);
    EXPECT_FALSE(truth_of("vllm-0.18.0", model, 530).grows);
}

TEST(CrossAttention, IsCountedInRequestsOfTheEncodersTokens) {
    CapacityCase given = case_of({{CrossSpec{.cache = cache_of({})}}, 1000, 2048, 448});
    const Engine engine = engine_of("vllm-0.32.0");
    EXPECT_EQ(text_of(count_capacity(engine, given, Tokens{448})), "cross-attention holds nothing for requests without encoder tokens");
    given.encoder_tokens = Tokens{1500};
    const auto truth = std::get<CapacityTruth>(count_capacity(engine, given, Tokens{448}));
    EXPECT_EQ(truth.requests, 10);
    EXPECT_EQ(truth.further, Tokens{0});
    EXPECT_FALSE(truth.grows);
    EXPECT_EQ(text_of(construct_capacity(engine, given, Tokens{448})), text_of(CapacityOutcome(truth)));
}

TEST(EncoderOnlyAttention, HasNoTruth) {
    const KvSpec spec = EncoderOnlySpec{.cache = cache_of({})};
    const CapacityCase given = case_of({{spec}, 1000, 2048, 448});
    const std::string why = "encoder-only attention holds nothing between steps";
    EXPECT_EQ(text_of(count_capacity(engine_of("vllm-0.18.0"), given, Tokens{448})), why);
    EXPECT_EQ(text_of(construct_capacity(engine_of("vllm-0.32.0"), given, Tokens{448})), why);
}

TEST(ASetupThatTheEngineDoesNotTake, IsRefusedByBoth) {
    CapacityCase given = case_of({{mamba(1024, 64), full({})}, 100, 2048, 1024});
    given.setup.scheduler_block = TokensPerBlock{16};  // No multiple of the states' block.
    for (const auto& outcome :
         {count_capacity(engine_of("vllm-0.32.0"), given, Tokens{17}), construct_capacity(engine_of("vllm-0.32.0"), given, Tokens{17})})
        EXPECT_EQ(text_of(outcome), "AssertionError");
    EXPECT_TRUE(std::holds_alternative<CapacityTruth>(count_capacity(engine_of("vllm-0.18.0"), given, Tokens{17})));

    const CapacityCase sinks = case_of({{SinkFullSpec{.full = {.cache = cache_of({})}, .sink = Tokens{64}}}, 4, 2048, 1024});
    EXPECT_EQ(text_of(count_capacity(engine_of("vllm-0.18.0"), sinks, Tokens{16})), "AssertionError");  // Four blocks, and the null block.
    EXPECT_EQ(text_of(construct_capacity(engine_of("vllm-0.18.0"), sinks, Tokens{16})), "AssertionError");
    EXPECT_EQ(text_of(count_capacity(engine_of("vllm-0.32.0"), sinks, Tokens{16})), "TypeError");
}

TEST(CountedCapacity, OfEndlessRequestsTakesNoTime) {
    constexpr std::int64_t endless = std::int64_t{1} << 53;
    const Model model{{window({}, 1024), window({.block = 32}, 128)}, 1 << 20, 2048, endless};
    const auto truth = std::get<CapacityTruth>(count_capacity(engine_of("vllm-0.18.0"), case_of(model), Tokens{endless}));
    EXPECT_GT(truth.requests, 1000);
    EXPECT_THROW(truth.tokens(), SizeOverflow);
    EXPECT_EQ(text_of(construct_capacity(engine_of("vllm-0.18.0"), case_of(model), Tokens{endless})),
              "too large to be filled call by call; it can be counted");
}

TEST(CountedCapacity, GivesUpWhereNoTwoCallsAreAlike) {
    constexpr std::int64_t endless = std::int64_t{1} << 53;
    const Model model{{chunked({}, (std::int64_t{1} << 31) - 1), window({}, 1024)}, 1 << 20, 1, endless};
    EXPECT_TRUE(std::holds_alternative<NoTruth>(count_capacity(engine_of("vllm-0.18.0"), case_of(model), Tokens{endless})));
}

}  // namespace
}  // namespace kv::testing
