#include "harness/scenario_run.h"

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
        : engine_(engine), scenario_(scenario), sink_(sink), limits_(limits) {}

    std::variant<ScenarioRun, Diagnostics> run() {
        auto modelled = model_of_scenario(engine_, scenario_);
        if (auto* wrong = std::get_if<Diagnostics>(&modelled)) return std::move(*wrong);
        if (auto* refusal = std::get_if<Refusal>(&modelled)) return ended(RunEnd::model_refused, std::move(*refusal));
        out_.model = std::get<ScenarioModel>(std::move(modelled));
        if (const auto* refused = std::get_if<RefusedPlan>(&out_.model->outcome)) return ended(RunEnd::plan_refused, refused->refusal);
        if (out_.plan()->scheduler.groups.empty()) return ended(RunEnd::nothing_cached);
        auto listed = requests_of(scenario_);
        if (auto* wrong = std::get_if<Diagnostics>(&listed)) return std::move(*wrong);
        try {
            return run(std::get<RequestList>(std::move(listed)));
        } catch (const SizeOverflow& overflow) {
            return told(scenario_.model.model_place, std::string("the sizes of this scenario are too large together: ") + overflow.what());
        }
    }

private:
    std::variant<ScenarioRun, Diagnostics> run(RequestList list) {
        const Settings& settings = out_.model->settings;
        DeploymentShape shape = shape_of(scenario_, *out_.model);
        for (const ScenarioRequest& request : list.requests) ++shape.requests[static_cast<std::size_t>(request.rank)];
        auto made = deploy(engine_, *out_.plan(), settings, shape);
        if (const auto* large = std::get_if<NotDeployed>(&made)) return told(scenario_.machine_place, large->why);
        if (auto* refusal = std::get_if<Refusal>(&made)) return ended(RunEnd::start_refused, std::move(*refusal));
        const auto& deployment = std::get<Deployment>(made);
        auto taken = ScenarioRequests::of(scenario_, std::move(list), front_of(*out_.plan(), deployment.ranks.front()));
        if (auto* wrong = std::get_if<Diagnostics>(&taken)) return std::move(*wrong);
        return run(deployment, std::get<ScenarioRequests>(taken));
    }

    ScenarioRun run(const Deployment& deployment, const ScenarioRequests& requests) {
        ScenarioOutside outside(requests, deployment.ranks.size());
        RunWatch watch(sink_, outside, deployment.ranks.size());
        try {
            Simulation simulation(engine_, deployment.ranks, requests.timed(), outside, watch);
            const std::int64_t in_flight = deployment.ranks.front().steps_in_flight;
            out_.end = drive(simulation, watch, requests.last_arrival(), [&](std::int64_t idle_steps) {
                return idle_steps > in_flight && simulation.steps() > std::max(requests.last_arrival(), outside.last_load());
            });
            out_.steps = simulation.steps();
            out_.refusal = simulation.fault();
        } catch (RefusedByEngine& refused) {
            out_.end = RunEnd::start_refused;
            out_.refusal = std::move(refused.refusal);
        }
        out_.faulted = watch.faulted();
        out_.ranks = watch.ranks();
        for (std::size_t rank = 0; rank < out_.ranks.size(); ++rank) out_.ranks[rank].refused = requests.refused(rank);
        out_.digest = watch.value();
        out_.events = watch.events();
        return std::move(out_);
    }

    // `settled(steps in which nobody computed anything)`: nothing will change any more.
    template <class Settled>
    RunEnd drive(Simulation& simulation, RunWatch& watch, std::int64_t last_arrival, const Settled& settled) const {
        std::int64_t idle_steps = 0;
        while (simulation.steps() < scenario_.stepping.steps_max) {
            if (!simulation.step()) return simulation.fault() ? RunEnd::fault : RunEnd::done;
            idle_steps = watch.take_scheduled() == 0 ? idle_steps + 1 : 0;
            if (settled(idle_steps)) return RunEnd::stuck;
            if (watch.work() > limits_.work_max) return RunEnd::work;
        }
        return watch.all_stopped() && simulation.steps() > last_arrival ? RunEnd::done : RunEnd::steps;
    }

    ScenarioRun ended(RunEnd end, std::optional<Refusal> refusal = {}) {
        out_.end = end;
        out_.refusal = std::move(refusal);
        return std::move(out_);
    }

    const Engine& engine_;
    const Scenario& scenario_;
    EventSink& sink_;
    RunLimits limits_;
    ScenarioRun out_ = {};
};

}  // namespace

std::variant<ScenarioRun, Diagnostics> run_scenario(const Engine& engine, const Scenario& scenario, EventSink& sink,
                                                    const RunLimits& limits) {
    return Running(engine, scenario, sink, limits).run();
}

}  // namespace kv
