#include "sim/simulation.h"

#include <algorithm>
#include <utility>

namespace kv {

Simulation::Simulation(const Engine& engine, std::span<const RankSettings> ranks, std::vector<TimedRequest> requests, Outside& outside,
                       EventSink& sink)
    : sink_(sink), requests_(std::move(requests)), tokens_(ranks.size()), rows_(ranks.size()) {
    require(std::ranges::is_sorted(requests_, {}, &TimedRequest::step), "requests are in the order of their arrival");
    for (const RankSettings& settings : ranks) ranks_.push_back(std::make_unique<RankRun>(engine, settings, outside, sink));
}

template <class Do>
bool Simulation::let(std::size_t rank, Do act) {
    try {
        act(*ranks_[rank]);
        return true;
    } catch (RefusedByEngine& refused) {
        fault_ = std::move(refused.refusal);
        sink_.see(EngineFault{.rank = RankId{static_cast<std::int32_t>(rank)}, .step = StepId{steps_}, .refusal = *fault_});
        return false;
    }
}

bool Simulation::step() {
    if (fault_) return false;
    for (; arrived_ < requests_.size() && requests_[arrived_].step <= steps_; ++arrived_) {
        TimedRequest& arrival = requests_[arrived_];
        if (!let(static_cast<std::size_t>(arrival.rank), [&](RankRun& rank) { rank.arrive(std::move(arrival.request)); })) return false;
    }
    const bool done = arrived_ == requests_.size() && std::ranges::all_of(ranks_, [](const auto& rank) { return rank->idle(); });
    if (done) return false;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
        if (!let(rank, [&](RankRun& run) { tokens_[rank] = run.schedule(); })) return false;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) rows_[rank] = ranks_[rank]->rows();
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
        if (!let(rank, [&](RankRun& run) { run.compute({.tokens = tokens_, .rows = rows_}); })) return false;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
        if (!let(rank, [](RankRun& run) { run.settle(); })) return false;
    ++steps_;
    return true;
}

void Simulation::run(std::int64_t steps_max) {
    while (steps_ < steps_max && step()) {
    }
}

}  // namespace kv
