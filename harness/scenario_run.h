// A scenario in motion: planned by an engine, set up as that engine does it, and run until its last request is done.
#pragma once

#include "harness/run_watch.h"
#include "harness/scenario_model.h"
#include "scenarios/run_end.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace kv {

struct ScenarioRun {
    std::optional<ScenarioModel> model = {};  // Empty: refused before there was one.
    RunEnd end = RunEnd::done;
    std::optional<Refusal> refusal = {};
    std::optional<RankId> faulted = {};  // Which rank raised, in a step.
    std::int64_t steps = 0;
    std::int64_t left = 0;  // Requests that are not done.
    std::vector<RankTally> ranks = {};
    std::uint64_t digest = 0;  // Of all events.
    std::int64_t events = 0;

    RankTally all_ranks() const;  // What they did together; who runs and who waits is not summed.
    const Plan* plan() const { return model ? std::get_if<Plan>(&model->outcome) : nullptr; }
};

struct RunLimits {
    std::int64_t work_max = std::int64_t{120} * 1'000'000'000;  // About as many nanoseconds of a release build.
};

// What happens goes to the sink as it does. What is wrong with the scenario, or too large to run, is told at its place.
std::variant<ScenarioRun, Diagnostics> run_scenario(const Engine& engine, const Scenario& scenario, EventSink& sink,
                                                    const RunLimits& limits = {});

}  // namespace kv
