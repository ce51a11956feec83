#include "sim/simulation.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace kv {

// What comes when: requests and what depends on them, in the order of steps and, within a step, of the list.
class Simulation::Calendar {
public:
    explicit Calendar(Happenings happenings)
        : happenings_(std::move(happenings)), came_(happenings_.requests.size(), Came::no), arrivals_(happenings_.requests.size()) {
        std::iota(arrivals_.begin(), arrivals_.end(), std::size_t{0});
        std::ranges::stable_sort(arrivals_, {}, [&](std::size_t place) { return happenings_.requests[place].step; });
        for (std::size_t place = 0; place < happenings_.requests.size(); ++place)
            if (happenings_.requests[place].abort_at) aborts_.push_back(place);
        std::ranges::stable_sort(aborts_, {}, [&](std::size_t place) { return *happenings_.requests[place].abort_at; });
        std::ranges::stable_sort(happenings_.resets, {}, &TimedReset::step);
    }

    enum class Came : std::uint8_t { no, yes, refused };

    const TimedRequest& request(std::size_t place) const { return happenings_.requests[place]; }
    std::optional<NewRequest> make(std::size_t place) {
        std::optional<NewRequest> made = happenings_.make(place);
        came_[place] = made ? Came::yes : Came::refused;
        ++over_;
        return made;
    }
    Came came(std::size_t place) const { return came_[place]; }
    void abort_before_arrival(std::size_t place) {
        came_[place] = Came::refused;
        ++over_;
    }

    // The next of each by `time`; none: nothing more of it yet.
    std::optional<std::size_t> arrival(std::int64_t time) {
        return next(arrivals_, next_arrival_, time, [&](std::size_t place) { return request(place).step; });
    }
    std::optional<std::size_t> abort(std::int64_t time) {
        return next(aborts_, next_abort_, time, [&](std::size_t place) { return *request(place).abort_at; });
    }
    const TimedReset* reset(std::int64_t time) {
        if (next_reset_ == happenings_.resets.size() || happenings_.resets[next_reset_].step > time) return nullptr;
        return &happenings_.resets[next_reset_++];
    }

    // When something comes next that does not depend on others; none: never.
    std::optional<std::int64_t> next_time() const {
        std::int64_t soonest = std::numeric_limits<std::int64_t>::max();
        if (next_arrival_ < arrivals_.size()) soonest = std::min(soonest, request(arrivals_[next_arrival_]).step);
        if (next_abort_ < aborts_.size()) soonest = std::min(soonest, *request(aborts_[next_abort_]).abort_at);
        if (next_reset_ < happenings_.resets.size()) soonest = std::min(soonest, happenings_.resets[next_reset_].step);
        if (soonest == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
        return soonest;
    }

    std::vector<std::size_t>& turns() { return turns_; }  // Requests whose time has come and that wait for an earlier one.
    std::int64_t to_come() const { return std::ssize(came_) - over_; }

private:
    template <class When>
    static std::optional<std::size_t> next(const std::vector<std::size_t>& places, std::size_t& at, std::int64_t time, When when) {
        if (at == places.size() || when(places[at]) > time) return std::nullopt;
        return places[at++];
    }

    Happenings happenings_;
    std::vector<Came> came_;
    std::vector<std::size_t> arrivals_;  // Places, by step.
    std::vector<std::size_t> aborts_ = {};
    std::vector<std::size_t> turns_ = {};
    std::size_t next_arrival_ = 0, next_abort_ = 0, next_reset_ = 0;
    std::int64_t over_ = 0;  // Requests that came or never will.
};

Simulation::Simulation(const Engine& engine, std::span<const RankSettings> ranks, LockstepSettings lockstep, Happenings happenings,
                       Outside& outside, EventSink& sink)
    : sink_(sink),
      lockstep_(std::move(lockstep)),
      calendar_(std::make_unique<Calendar>(std::move(happenings))),
      tokens_(ranks.size()),
      rows_(ranks.size()) {
    require(std::ranges::is_sorted(lockstep_.graph_sizes), "graphs' sizes rise");
    require(!ranks.empty() && lockstep_.micro_batches > 0, "an engine has a rank, and a batch a part");
    for (const RankSettings& settings : ranks)
        if (!let(ranks_.size(), [&] { ranks_.push_back(std::make_unique<RankRun>(engine, settings, outside, sink)); })) return;
}

Simulation::~Simulation() = default;

template <class Do>
bool Simulation::let(std::size_t rank, Do act) {
    try {
        act();
        return true;
    } catch (RefusedByEngine& refused) {
        fault_ = std::move(refused.refusal);
        sink_.see(EngineFault{.rank = RankId{static_cast<std::int32_t>(rank)},
                              .step = StepId{time_},
                              .type = fault_->type,
                              .raised_in = fault_->raised_in,
                              .message = fault_->message,
                              .figures = fault_->figures});
        return false;
    }
}

// Aborts first, then resets, then arrivals: what a step's scheduler finds.
bool Simulation::happen() {
    Calendar& calendar = *calendar_;
    const auto rank_of = [&](std::size_t place) { return static_cast<std::size_t>(calendar.request(place).rank); };
    while (const auto place = calendar.abort(time_)) {
        const RequestId id{static_cast<std::int64_t>(*place)};
        if (calendar.came(*place) == Calendar::Came::no) calendar.abort_before_arrival(*place);
        else if (calendar.came(*place) == Calendar::Came::yes && !let(rank_of(*place), [&] { ranks_[rank_of(*place)]->abort(id); }))
            return false;
    }
    while (const TimedReset* reset = calendar.reset(time_))
        for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
            if (!reset->rank || static_cast<std::size_t>(*reset->rank) == rank)
                if (!let(rank, [&] { ranks_[rank]->reset_prefix_cache(reset->preempt_running); })) return false;
    const auto arrive = [&](std::size_t place) {
        return let(rank_of(place), [&] {
            if (auto made = calendar.make(place))
                ranks_[rank_of(place)]->arrive(RequestId{static_cast<std::int64_t>(place)}, *std::move(made));
        });
    };
    const auto is_over = [&](std::size_t place) {
        const Calendar::Came came = calendar.came(place);
        return came == Calendar::Came::refused ||
               (came == Calendar::Came::yes && ranks_[rank_of(place)]->done(RequestId{static_cast<std::int64_t>(place)}));
    };
    while (const auto place = calendar.arrival(time_)) {
        if (calendar.came(*place) != Calendar::Came::no) continue;  // Aborted before it came.
        if (const auto after = calendar.request(*place).after; after && !is_over(*after)) calendar.turns().push_back(*place);
        else if (!arrive(*place)) return false;
    }
    std::vector<std::size_t>& turns = calendar.turns();
    for (std::size_t turn = 0; turn < turns.size();) {
        const std::size_t place = turns[turn];
        const bool never = calendar.came(place) != Calendar::Came::no;
        if (!never && !is_over(*calendar.request(place).after)) {
            ++turn;
            continue;
        }
        turns.erase(turns.begin() + static_cast<std::ptrdiff_t>(turn));
        if (!never && !arrive(place)) return false;
    }
    return true;
}

// The ranks schedule, agree on sizes, compute and take outputs, each of these all together.
bool Simulation::work() {
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
        if (!let(rank, [&] { tokens_[rank] = ranks_[rank]->schedule(StepId{time_}); })) return false;
    size_batches(lockstep_, tokens_, ranks_.front()->decode_tokens(), batches_);
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) rows_[rank] = ranks_[rank]->rows();
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
        if (!let(rank, [&] { ranks_[rank]->compute({.tokens = tokens_, .batches = batches_, .rows = rows_}); })) return false;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
        if (!let(rank, [&] { ranks_[rank]->settle(); })) return false;
    return true;
}

std::int64_t Simulation::left() const {
    std::int64_t left = calendar_->to_come();
    for (const auto& rank : ranks_) left += rank->left();
    return left;
}

bool Simulation::step() {
    constexpr std::int64_t idle_steps_that_settle_it = 2;  // The first may only forget what belongs to the step before it.
    if (fault_ || !happen()) return false;
    const bool idle = std::ranges::all_of(ranks_, [](const auto& rank) { return rank->idle(); });
    const bool loading = std::ranges::any_of(ranks_, [](const auto& rank) { return rank->loading(); });
    if ((idle && calendar_->turns().empty()) || (idle_steps_ >= idle_steps_that_settle_it && !loading)) {
        const std::optional<std::int64_t> next = calendar_->next_time();
        if (!next) return false;
        time_ = std::max(time_, *next);
        idle_steps_ = 0;
        if (!happen()) return false;
    }
    if (!work()) return false;
    const bool ran = std::ranges::any_of(tokens_, [](std::int64_t tokens) { return tokens > 0; });
    const bool in_flight = std::ranges::any_of(ranks_, [](const auto& rank) { return rank->in_flight(); });
    idle_steps_ = ran || in_flight ? 0 : idle_steps_ + 1;
    ++time_;
    ++steps_;
    return true;
}

void Simulation::run(std::int64_t steps_max) {
    bool goes_on = true;
    while (steps_ < steps_max && goes_on) goes_on = step();
    const std::int64_t waiting = left();
    const EndedWhy why = fault_ ? EndedWhy::fault : waiting == 0 ? EndedWhy::done : goes_on ? EndedWhy::steps : EndedWhy::stalled;
    sink_.see(RunEnded{.why = why, .steps = steps_, .waiting = waiting});
}

}  // namespace kv
