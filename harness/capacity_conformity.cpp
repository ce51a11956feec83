#include "harness/capacity_conformity.h"

#include "harness/comparison.h"
#include "model/capacity_count.h"
#include "model/overload.h"
#include "model/plan.h"
#include "scenarios/golden_plan.h"
#include "sim/capacity_experiment.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <variant>

namespace kv {

namespace {

std::string outcome_text(const CapacityOutcome& outcome) {
    return std::visit(Overload{[](const CapacityTruth& truth) { return fmt::format("{} tokens fit", truth.tokens().value); },
                               [](const NoTruth& none) { return fmt::format("no truth: {}", none.why); },
                               [](const Refusal& refusal) { return std::string(name_of(refusal.type)); }},
                      outcome);
}

void compare_outcome(const RecordedTruth& recorded, const CapacityOutcome& ours, Comparison& comparison) {
    const auto* fitted = std::get_if<RecordedFit>(&recorded.answer);
    const auto* truth = std::get_if<CapacityTruth>(&ours);
    if (fitted != nullptr && truth != nullptr) {
        comparison.value("requests", fitted->requests, truth->requests);
        comparison.value("further", fitted->further, truth->further);
        comparison.value("tokens", fitted->tokens, truth->tokens());
        return;
    }
    if (fitted != nullptr) return comparison.differ("", fmt::format("{} tokens fit", fitted->tokens.value), outcome_text(ours));
    comparison.value("error", std::get<std::string>(recorded.answer), outcome_text(ours));
}

// Blocks / whole blocks that one request of this length holds in each group: the formula that the recorder asked of either version.
void compare_reported(const GoldenCapacity& golden, const RecordedTruth& recorded, const Engine& engine, Comparison& comparison) {
    const auto* fitted = std::get_if<RecordedFit>(&recorded.answer);
    if (fitted == nullptr) return;
    constexpr std::string_view key = "reported_concurrency_at_this_max_model_len";
    Blocks per_request;
    for (const CacheGroup& group : golden.given.setup.groups) {
        const auto held = blocks_held_max(engine, group.spec, golden.settings(recorded.length));
        if (const auto* refusal = std::get_if<Refusal>(&held))
            return comparison.differ(key, value_text(fitted->reported_concurrency), std::string(name_of(refusal->type)));
        per_request += std::get<Blocks>(held);
    }
    const double ours = static_cast<double>(golden.given.setup.blocks.value) / static_cast<double>(per_request.value);
    comparison.value(key, fitted->reported_concurrency, ours);
}

}  // namespace

CaseResult compare_capacity(const GoldenCapacity& golden, const Engine& engine) {
    Comparison comparison;
    for (std::size_t i = 0; i < golden.truths.size(); ++i) {
        const Comparison::Scope scope(comparison, "truth", i);
        const RecordedTruth& recorded = golden.truths[i];
        {
            const Comparison::Scope constructed(comparison, "constructed");
            compare_outcome(recorded, construct_capacity(engine, golden.given, recorded.length), comparison);
        }
        {
            const Comparison::Scope counted(comparison, "counted");
            compare_outcome(recorded, count_capacity(engine, golden.given, recorded.length), comparison);
        }
        compare_reported(golden, recorded, engine, comparison);
    }
    return {.id = golden.id, .differences = comparison.differences()};
}

bool recognises_capacity(JsonValue line) { return is_golden_capacity(line); }

std::optional<CaseResult> compare_capacity_line(GoldenLines& lines, const ConformOptions& options) {
    return compare_line(lines, options, golden_engine(lines.value()), read_golden_capacity,
                        [](const std::optional<GoldenCapacity>& golden, const Engine& engine) {
                            return golden ? compare_capacity(*golden, engine) : CaseResult{.known = false};
                        });
}

}  // namespace kv
