#include "harness/capacity_report.h"

#include "harness/capacity_pool.h"
#include "model/capacity_count.h"
#include "tests/support/models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kv::testing {
namespace {

using ::testing::ElementsAre;

CapacityAnswer answer_of(const CapacityModel& model, const CapacityQuestion& question = {},
                         const std::vector<AskedEngine>& engines = default_engines()) {
    auto answered = capacity_of(model, engines, question);
    if (const auto* wrong = std::get_if<Diagnostic>(&answered)) ADD_FAILURE() << to_text(*wrong);
    return std::get<CapacityAnswer>(std::move(answered));
}

const CapacityRow& row_of(const CapacityAnswer& answer, std::string_view engine) {
    const auto row = std::ranges::find(answer.rows, engine, &CapacityRow::engine);
    EXPECT_NE(row, answer.rows.end()) << engine;
    return *row;
}

TEST(CapacityReport, AsksEveryReleaseAndEveryPatchOfReportedTokens) {
    std::vector<std::string> spellings;
    for (const AskedEngine& asked : default_engines()) spellings.push_back(asked.spelling);
    EXPECT_THAT(spellings, ElementsAre("vllm-0.18.0", "vllm-0.18.0+pr-40384", "vllm-0.18.0+40384-positive-list",
                                       "vllm-0.18.0+40384-negative-list", "vllm-0.32.0", "reference"));
}

TEST(CapacityReport, CallsAFigureTrueThatIsTheTruthToABlock) {
    const CapacityAnswer answer = answer_of(recorded_model("llama-3.1-8b"));
    for (const CapacityRow& row : answer.rows) EXPECT_TRUE(row.judged && row.judged->is_true()) << row.engine;
    EXPECT_TRUE(answer.all_true());
}

TEST(CapacityReport, CallsHalfOfWhatFitsFalseAndWidensByTheTolerance) {
    const CapacityModel model = stated_model("gpt-oss-120b");
    const CapacityAnswer answer = answer_of(model);
    EXPECT_EQ(row_of(answer, "vllm-0.18.0").judged->judgement.verdict, Verdict::under_reports);
    EXPECT_EQ(row_of(answer, "vllm-0.18.0+40384-positive-list").judged->judgement.verdict, Verdict::over_reports);
    EXPECT_FALSE(answer.all_true());
    const CapacityAnswer wide = answer_of(model, {.tolerance = 0.02});
    EXPECT_EQ(row_of(wide, "vllm-0.18.0").judged->judgement.verdict, Verdict::under_reports);
    EXPECT_TRUE(row_of(wide, "vllm-0.18.0+40384-positive-list").judged->is_true());
}

TEST(CapacityReport, OfReferenceIsTrueForEveryModel) {
    const auto reference = std::vector{AskedEngine{"reference", engine_called("reference")}};
    std::size_t judged = 0;
    for (const CapacityModel& model : loaded_models({recorded_models("0.32.0")})) {
        const CapacityAnswer answer = answer_of(model, {}, reference);
        if (!answer.rows[0].judged) continue;
        EXPECT_TRUE(answer.rows[0].judged->is_true())
            << model.name << ' ' << answer.rows[0].said->reported.value << " of " << answer.rows[0].judged->truth.value;
        ++judged;
    }
    EXPECT_GT(judged, 30U);
}

TEST(CapacityReport, MakesOnePoolOfEnginesThatDifferInWhatTheySay) {
    const CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"));
    EXPECT_EQ(row_of(answer, "vllm-0.18.0").pool, row_of(answer, "vllm-0.18.0+pr-40384").pool);
    EXPECT_NE(row_of(answer, "vllm-0.18.0").pool, row_of(answer, "vllm-0.32.0").pool);
    EXPECT_EQ(row_of(answer, "vllm-0.32.0").pool, row_of(answer, "reference").pool);
}

TEST(CapacityReport, SaysWhereEveryByteOfTheMemoryGoes) {
    std::size_t sums = 0;
    for (const CapacityModel& model : loaded_models({recorded_models("0.18.0"), recorded_models("0.32.0")})) {
        for (const std::int64_t stages : {1, 2}) {
            const CapacityAnswer answer = answer_of(model, {.knobs = {.pipeline = stages}});
            for (const CapacityPool& pool : answer.pools) {
                if (!pool.memory_use) continue;
                const MemoryUse& use = *pool.memory_use;
                EXPECT_EQ(use.growing + use.bounded + use.padding + use.null_block + use.free + use.rest, use.memory) << model.name;
                for (const Bytes part : {use.growing, use.bounded, use.padding, use.null_block, use.free, use.rest})
                    EXPECT_GE(part, Bytes{0}) << model.name;
                ++sums;
            }
        }
    }
    EXPECT_GT(sums, 80U);
}

TEST(CapacityReport, KeepsTheEnginesRefusal) {
    const CapacityAnswer answer = answer_of(stated_model("pipeline-bottleneck"));
    for (const CapacityRow& row : answer.rows) EXPECT_TRUE(row.refusal && !row.judged) << row.engine;
    EXPECT_TRUE(answer.any_answer());
    const CapacityAnswer nowhere = answer_of(recorded_model("qwen3-8b"), {.knobs = {.tensor = 7}});
    EXPECT_FALSE(nowhere.any_answer());
}

TEST(CapacityReport, HasTheLengthsThatWereAskedFor) {
    const auto lengths = [](std::int64_t least, std::int64_t most, std::int64_t longest, std::size_t points) {
        std::vector<std::int64_t> out;
        for (const Tokens length : curve_lengths({Tokens{least}, Tokens{most}}, Tokens{longest}, points)) out.push_back(length.value);
        return out;
    };
    EXPECT_THAT(lengths(100, 100, 4096, 12), ElementsAre(100));
    EXPECT_THAT(lengths(100, 1000, 4096, 12), ElementsAre(100, 200, 400, 800, 1000));
    EXPECT_THAT(lengths(100, 1000, 500, 12), ElementsAre(100, 200, 400, 500, 800, 1000));
    EXPECT_THAT(lengths(1, 100'000, 100'000, 6), ElementsAre(1, 16, 256, 4096, 65536, 100'000));
    EXPECT_LE(lengths(1, std::int64_t{1} << 40, 1, 12).size(), 13U);
    const CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"), {.lengths = LengthRange{Tokens{1000}, Tokens{1'000'000}}});
    EXPECT_EQ(answer.pools[0].curve.front().length, Tokens{1000});
    EXPECT_EQ(answer.pools[0].curve.back().length, Tokens{131072}) << "the engine takes none that is longer";
    const CapacityAnswer beyond = answer_of(stated_model("gpt-oss-120b"), {.lengths = LengthRange{Tokens{200'000}, Tokens{200'000}}});
    EXPECT_TRUE(beyond.pools[0].curve.empty());
}

Workload workload_of(const std::vector<std::int64_t>& lengths) {
    Workload workload{.file = "w.csv", .requests = {}};
    for (const std::int64_t length : lengths) workload.requests.push_back({Tokens{length - 1}, Tokens{1}, 0});
    return workload;
}

// Full attention alone: a request takes its blocks and nothing else, so that a plain loop can fill the pool.
TEST(WorkloadFitting, OfFullAttentionIsThatOfAPlainLoop) {
    CapacityCase given;
    given.setup.groups = {{.spec = FullSpec{}}};
    given.setup.blocks = Blocks{101};
    const std::vector<std::int64_t> lengths{400, 17, 16, 800, 33, 250, 90, 1, 640, 64};
    const Engine engine = engine_called("vllm-0.18.0");
    const WorkloadFit fit = fit_workload(engine, given, workload_of(lengths), Tokens{8192});
    std::vector<std::int64_t> counts;
    for (std::size_t start = 0; start < 9; ++start) {
        std::int64_t free = 100, count = 0;
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            free -= (lengths[(start + i) % lengths.size()] + 15) / 16;
            if (free < 0) break;
            ++count;
        }
        counts.push_back(count);
    }
    std::ranges::sort(counts);
    EXPECT_EQ(fit.starts, 9);
    EXPECT_EQ(fit.fewest, counts.front());
    EXPECT_EQ(fit.median, counts[4]);
    EXPECT_EQ(fit.most, counts.back());
}

// Where all requests are alike, as many fit as the truth of their length says.
TEST(WorkloadFitting, OfEqualRequestsIsTheTruthOfTheirLength) {
    for (const char* name : {"gpt-oss-120b", "gemma-3-27b", "qwen3.5-27b", "llama-4-scout", "deepseek-v3"}) {
        const CapacityModel model = stated_model(name);
        const Workload alike = workload_of(std::vector<std::int64_t>(3000, 9000));
        const CapacityAnswer answer = answer_of(model, {.lengths = LengthRange{Tokens{9000}, Tokens{9000}}, .workload = &alike});
        for (const CapacityPool& pool : answer.pools) {
            ASSERT_TRUE(pool.workload && pool.truth() != nullptr) << name;
            EXPECT_EQ(pool.workload->fewest, pool.truth()->requests) << name;
            EXPECT_EQ(pool.workload->most, pool.truth()->requests) << name;
        }
    }
}

TEST(WorkloadFitting, LeavesOutWhatTheEngineDoesNotTake) {
    CapacityCase given;
    given.setup.groups = {{.spec = FullSpec{}}};
    given.setup.blocks = Blocks{1001};
    const WorkloadFit fit = fit_workload(engine_called("vllm-0.18.0"), given, workload_of({100, 9000, 200, 300}), Tokens{8192});
    EXPECT_EQ(fit.requests, 4);
    EXPECT_EQ(fit.too_long, 1);
    EXPECT_EQ(fit.most, 3);
    ASSERT_EQ(fit.points.size(), 5U);
    EXPECT_EQ(fit.points[0].point.length, Tokens{200});
    EXPECT_EQ(fit.points[3].point.length, Tokens{300});
    EXPECT_EQ(fit.points[4].point.length, Tokens{200});
    EXPECT_TRUE(fit_workload(engine_called("vllm-0.18.0"), given, workload_of({9000}), Tokens{8192}).points.empty());
}

}  // namespace
}  // namespace kv::testing
