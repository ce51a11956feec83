#include "harness/scenario_run.h"

#include "harness/capacity_pool.h"
#include "harness/longest_request.h"
#include "sim/plan_events.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

Diagnostics told(Diagnostic place, std::string message) {
    place.message = std::move(message);
    return {std::move(place)};
}

DeploymentShape shape_of(const Scenario& scenario, const ScenarioModel& model) {
    DeploymentShape shape{.data_ranks = scenario.spread.data,
                          .view = scenario.spread.layout,
                          .micro_batches = scenario.spread.micro_batches,
                          .chunk_max = scenario.stepping.chunk_max,
                          .whole_request_must_fit = scenario.stepping.whole_request_must_fit,
                          .graph_sizes = scenario.stepping.graph_sizes,
                          .pads_ranks = scenario.stepping.dp_padding,
                          .expert_chunk = scenario.spread.expert_chunk,
                          .columns = model.columns,
                          .capture = model.capture,
                          .seed = static_cast<std::uint64_t>(scenario.seed)};
    shape.requests.resize(static_cast<std::size_t>(scenario.spread.data));
    return shape;
}

FrontEnd front_of(const Plan& plan, const RankSettings& rank) {
    return {.model_len_max = plan.model_len_max,
            .hash_block = rank.cache.hash_block,
            .tokens_ahead_max = (rank.steps_in_flight + 1) * (1 + rank.scheduler.drafts_max) + rank.scheduler.lookahead.value};
}

class Running {
public:
    Running(const Engine& engine, const Scenario& scenario, EventSink& sink, const RunLimits& limits)
        : engine_(engine), scenario_(scenario), watch_(sink, static_cast<std::size_t>(scenario.spread.data)), limits_(limits) {}

    std::variant<ScenarioRun, Diagnostics> run() {
        auto modelled = model_of_scenario(engine_, scenario_);
        if (auto* wrong = std::get_if<Diagnostics>(&modelled)) return std::move(*wrong);
        if (auto* refusal = std::get_if<Refusal>(&modelled)) return refused(RunEnd::model_refused, std::move(*refusal));
        out_.model = std::get<ScenarioModel>(std::move(modelled));
        if (const auto* no_plan = std::get_if<RefusedPlan>(&out_.model->outcome)) return refused_plan(*no_plan);
        tell_plan(engine_, *out_.plan(), out_.model->settings,
                  {.engine = engine_.name,
                   .memory = out_.model->memory,
                   .layers = out_.model->layers.names.empty() ? nullptr : &out_.model->layers,
                   .checked = out_.model->checked,
                   .router_block = scenario_.router_block},
                  watch_);
        if (out_.plan()->scheduler.groups.empty()) return ended(RunEnd::nothing_cached);
        auto listed = requests_of(scenario_);
        if (auto* wrong = std::get_if<Diagnostics>(&listed)) return std::move(*wrong);
        try {
            if (out_.model->settings.length == LengthChoice::fitted_to_memory && out_.model->checked) tell_longest();
            tell_truth();
            if (scenario_.host > Bytes{0})
                tell_host_tier(engine_, *out_.plan(), scenario_.host, out_.model->settings.parallel.tensor, watch_);
            return run(std::get<RequestList>(std::move(listed)));
        } catch (const SizeOverflow& overflow) {
            return told(scenario_.model.model_place, std::string("the sizes of this scenario are too large together: ") + overflow.what());
        }
    }

private:
    ScenarioRun refused_plan(const RefusedPlan& no_plan) {
        const bool for_want_of_memory = no_plan.refusal.admission && no_plan.refusal.admission->estimated_len_max;
        const std::optional<Tokens> asked = out_.model->settings.model_len_max;
        tell_refusal(no_plan.refusal, asked, watch_);
        if (for_want_of_memory) tell_longest();
        out_.refusal = no_plan.refusal;
        return ended(RunEnd::plan_refused);
    }

    void tell_longest() {
        if (const auto longest = longest_request(engine_, scenario_))
            watch_.see(LengthConstructed{.length = longest->length, .grain = longest->grain});
    }

    // What really fits: of the longest request, and of the lengths that the scenario's expectations speak of.
    void tell_truth() {
        const Plan& plan = *out_.plan();
        std::vector<Tokens> lengths{plan.model_len_max};
        for (const Expectation& expected : scenario_.expectations)
            if (expected.length && *expected.length <= plan.model_len_max) lengths.push_back(*expected.length);
        std::ranges::sort(lengths);
        lengths.erase(std::ranges::unique(lengths).begin(), lengths.end());
        const CapacityCase given = capacity_case(engine_, plan, out_.model->settings);
        for (const Tokens length : lengths) tell_capacity(engine_, given, length, watch_);
    }

    std::variant<ScenarioRun, Diagnostics> run(RequestList list) {
        const Settings& settings = out_.model->settings;
        DeploymentShape shape = shape_of(scenario_, *out_.model);
        for (const ScenarioRequest& request : list.requests) ++shape.requests[static_cast<std::size_t>(request.rank)];
        auto made = deploy(engine_, *out_.plan(), settings, shape);
        if (const auto* large = std::get_if<NotDeployed>(&made)) return told(scenario_.machine_place, large->why);
        if (auto* refusal = std::get_if<Refusal>(&made)) return refused(RunEnd::start_refused, std::move(*refusal));
        const auto& deployment = std::get<Deployment>(made);
        auto taken = ScenarioRequests::of(scenario_, std::move(list), front_of(*out_.plan(), deployment.ranks.front()));
        if (auto* wrong = std::get_if<Diagnostics>(&taken)) return std::move(*wrong);
        return run(deployment, std::get<ScenarioRequests>(taken));
    }

    ScenarioRun run(const Deployment& deployment, const ScenarioRequests& requests) {
        ScenarioOutside outside(requests);
        watch_.tell(outside);
        Simulation simulation(engine_, deployment.ranks, deployment.lockstep, requests.happenings(scenario_, watch_), outside, watch_);
        const RunEnd end = simulation.fault() ? RunEnd::start_refused : drive(simulation);
        out_.steps = simulation.steps();
        out_.left = simulation.left();
        out_.refusal = simulation.fault();
        if (end == RunEnd::fault) out_.faulted = watch_.faulted();
        out_.ranks = watch_.ranks();
        return ended(end);
    }

    RunEnd drive(Simulation& simulation) const {
        const std::int64_t most = scenario_.stepping.steps_max;
        while (simulation.steps() < most && watch_.work() <= limits_.work_max && simulation.step()) {
        }
        const bool too_long = simulation.steps() < most && watch_.work() > limits_.work_max && !simulation.fault();
        simulation.run(too_long ? simulation.steps() : most);  // It says how it ends.
        if (too_long && simulation.left() > 0) return RunEnd::work;
        switch (watch_.ended().value().why) {
            case EndedWhy::done:
                return RunEnd::done;
            case EndedWhy::stalled:
                return RunEnd::stalled;
            case EndedWhy::fault:
                return RunEnd::fault;
            case EndedWhy::steps:
                break;
        }
        return RunEnd::steps;
    }

    // Before there was a rank.
    ScenarioRun refused(RunEnd end, Refusal refusal) {
        tell_refusal(refusal, std::nullopt, watch_);
        out_.refusal = std::move(refusal);
        return ended(end);
    }

    ScenarioRun ended(RunEnd end) {
        out_.end = end;
        out_.digest = watch_.value();
        out_.events = watch_.events();
        return std::move(out_);
    }

    const Engine& engine_;
    const Scenario& scenario_;
    RunWatch watch_;
    RunLimits limits_;
    ScenarioRun out_ = {};
};

}  // namespace

RankTally ScenarioRun::all_ranks() const {
    RankTally sum;
    for (const RankTally& rank : ranks) {
        sum.arrived += rank.arrived;
        sum.refused += rank.refused;
        sum.finished += rank.finished;
        sum.aborted += rank.aborted;
        sum.preempted += rank.preempted;
        sum.tokens += rank.tokens;
        sum.hit_tokens += rank.hit_tokens;
        sum.loaded_tokens += rank.loaded_tokens;
        sum.rows += rank.rows;
    }
    return sum;
}

std::variant<ScenarioRun, Diagnostics> run_scenario(const Engine& engine, const Scenario& scenario, EventSink& sink,
                                                    const RunLimits& limits) {
    return Running(engine, scenario, sink, limits).run();
}

}  // namespace kv
