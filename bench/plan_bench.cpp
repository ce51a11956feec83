// How long a plan takes, in process: the model's layers are read already. Budget: 5 microseconds for a hybrid of 60 layers. The
// program fails at twice the budget: less would fail for a busy machine, more would not see a plan that has become slow.
#include "model/plan.h"

#include "model/engine.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace kv {
namespace {

AttentionCache cache(std::int64_t heads) {
    return {.block = TokensPerBlock{16}, .kv_heads = heads, .head_size = 128, .head_size_v = 128, .dtype = DType::bfloat16};
}

// `layers` layers of which every `period`-th is full attention and the others see a window; one worker.
ModelLayers window_hybrid(std::size_t layers, std::size_t period) {
    ModelLayers model;
    model.specs = {SlidingWindowSpec{.cache = cache(8), .window = Tokens{1024}, .extra_retained = Tokens{0}}, FullSpec{.cache = cache(8)}};
    model.workers.emplace_back();
    for (std::size_t i = 0; i < layers; ++i) {
        model.names.push_back("model.layers." + std::to_string(i) + ".self_attn.attn");
        const bool is_full = period == 1 || i % period == period - 1;
        model.workers[0].push_back({static_cast<LayerId>(i), static_cast<SpecId>(is_full ? 1 : 0)});
    }
    return model;
}

// Three states of linear attention to one full layer, on pages of one size.
ModelLayers state_hybrid(std::size_t layers) {
    ModelLayers model;
    MambaSpec state;
    state.block = TokensPerBlock{131072};
    state.states = {{{3, 8192}, DType::bfloat16}, {{32, 128, 128}, DType::float32}};
    FullSpec full{.cache = cache(2)};
    full.cache.head_size = full.cache.head_size_v = 256;
    full.cache.block = TokensPerBlock{1072};
    state.page_padded = Bytes{1072 * 2 * 512 * 2};
    model.specs = {state, full};
    model.workers.emplace_back();
    for (std::size_t i = 0; i < layers; ++i) {
        model.names.push_back("model.layers." + std::to_string(i));
        model.workers[0].push_back({static_cast<LayerId>(i), static_cast<SpecId>(i % 4 == 3 ? 1 : 0)});
    }
    return model;
}

const Engine& engine_named(std::string_view name) {
    for (const Engine& engine : engines())
        if (engine.name == name) return engine;
    std::abort();
}

void plan(benchmark::State& state, std::string_view engine, const ModelLayers& model) {
    PlanInput input{.layers = &model};
    input.settings.model_len_max = Tokens{131072};
    input.memory = {Bytes{std::int64_t{40} << 30}};
    const Engine& planner = engine_named(engine);
    for (auto _ : state) {
        PlanOutcome outcome = make_plan(planner, input);
        if (!std::holds_alternative<Plan>(outcome)) {
            state.SkipWithError("the plan was refused");
            break;
        }
        benchmark::DoNotOptimize(outcome);
    }
}

const ModelLayers dense_36 = window_hybrid(36, 1);
const ModelLayers windows_60 = window_hybrid(60, 6);
const ModelLayers states_60 = state_hybrid(60);

BENCHMARK_CAPTURE(plan, 60_layers_windows / vllm_0_18_0, "vllm-0.18.0", windows_60);
BENCHMARK_CAPTURE(plan, 60_layers_windows / vllm_0_32_0, "vllm-0.32.0", windows_60);
BENCHMARK_CAPTURE(plan, 60_layers_states / vllm_0_18_0, "vllm-0.18.0", states_60);
BENCHMARK_CAPTURE(plan, 60_layers_states / vllm_0_32_0, "vllm-0.32.0", states_60);
BENCHMARK_CAPTURE(plan, 36_layers_one_group / vllm_0_18_0, "vllm-0.18.0", dense_36);
BENCHMARK_CAPTURE(plan, 36_layers_one_group / vllm_0_32_0, "vllm-0.32.0", dense_36);

constexpr double budget_ns = 5000;

class BudgetReporter : public benchmark::ConsoleReporter {
public:
    BudgetReporter() : ConsoleReporter(OO_None) {}
    void ReportRuns(const std::vector<Run>& runs) override {
        ConsoleReporter::ReportRuns(runs);
        for (const Run& run : runs) {
            if (run.benchmark_name().find("/60_layers") == std::string::npos) continue;
            slowest_ns_ = std::max(slowest_ns_, run.error_occurred ? 2 * budget_ns + 1 : run.GetAdjustedCPUTime());
        }
    }
    double slowest_ns() const { return slowest_ns_; }

private:
    double slowest_ns_ = 0;
};

}  // namespace
}  // namespace kv

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    kv::BudgetReporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    std::cout << "plan: slowest of 60 layers " << reporter.slowest_ns() << " ns, budget " << kv::budget_ns << " ns\n";
    return reporter.slowest_ns() > 2 * kv::budget_ns ? 1 : 0;
}
