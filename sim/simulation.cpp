#include "sim/simulation.h"

#include <algorithm>
#include <utility>

namespace kv {

Simulation::Simulation(const Engine& engine, std::span<const RankSettings> ranks, std::vector<TimedRequest> requests, Outside& outside,
                       EventSink& sink)
    : requests_(std::move(requests)), tokens_(ranks.size()), rows_(ranks.size()) {
    require(std::ranges::is_sorted(requests_, {}, &TimedRequest::step), "requests are in the order of their arrival");
    for (const RankSettings& settings : ranks) ranks_.push_back(std::make_unique<RankRun>(engine, settings, outside, sink));
}

bool Simulation::step() {
    for (; arrived_ < requests_.size() && requests_[arrived_].step <= steps_; ++arrived_) {
        TimedRequest& arrival = requests_[arrived_];
        ranks_[static_cast<std::size_t>(arrival.rank)]->arrive(std::move(arrival.request));
    }
    const bool done = arrived_ == requests_.size() && std::ranges::all_of(ranks_, [](const auto& rank) { return rank->idle(); });
    if (done) return false;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) tokens_[rank] = ranks_[rank]->schedule();
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) rows_[rank] = ranks_[rank]->rows();
    for (const auto& rank : ranks_) rank->compute({.tokens = tokens_, .rows = rows_});
    for (const auto& rank : ranks_) rank->settle();
    ++steps_;
    return true;
}

void Simulation::run(std::int64_t steps_max) {
    while (steps_ < steps_max && step()) {
    }
}

}  // namespace kv
