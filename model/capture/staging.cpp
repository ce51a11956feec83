#include "model/capture/staging.h"

#include <algorithm>

namespace kv {

Staging::Staging(RowStaging rule, const RowSetup& setup, std::int64_t columns)
    : shared_(rule == RowStaging::shared), columns_(columns), steps_(static_cast<std::size_t>(setup.steps_in_flight_max)) {
    for (std::size_t i = 0; i < (shared_ ? 1 : steps_.size()); ++i) {
        steps_[i].slots.resize(static_cast<std::size_t>(setup.batched_max));
        steps_[i].rows.resize(static_cast<std::size_t>(setup.batched_max * columns));
    }
}

void Staging::push(const RowStep& step) {
    require(in_flight_ < std::ssize(steps_), "no more steps are in flight than there may be");
    const std::size_t at = place(in_flight_++);
    steps_[at].requests.assign(step.requests.begin(), step.requests.end());
    steps_[at].dropped.assign(step.requests.size(), false);
    steps_[at].tokens = std::ssize(step.slots);
    Held& held = steps_[buffer(at)];
    require(step.slots.size() <= held.slots.size() && std::ssize(step.rows) == std::ssize(step.slots) * columns_,
            "a step has no more tokens than a batch, and a row for each");
    std::ranges::copy(step.slots, held.slots.begin());
    std::ranges::copy(step.rows, held.rows.begin());
}

RowStep Staging::oldest() const {
    require(in_flight_ > 0, "a step is in flight");
    const std::size_t at = place(0);
    const Held& held = steps_[buffer(at)];
    const auto tokens = static_cast<std::size_t>(steps_[at].tokens);
    return {.requests = steps_[at].requests,
            .slots = std::span(held.slots).first(tokens),
            .rows = std::span(held.rows).first(tokens * static_cast<std::size_t>(columns_))};
}

void Staging::pop() {
    require(in_flight_ > 0, "a step is in flight");
    first_ = (first_ + 1) % std::ssize(steps_);
    --in_flight_;
}

void Staging::drop(std::int64_t request) {
    for (std::int64_t nth = 0; nth < in_flight_; ++nth) {
        Held& held = steps_[place(nth)];
        for (std::size_t i = 0; i < held.requests.size(); ++i)
            if (held.requests[i].request == request) held.dropped[i] = true;
    }
}

}  // namespace kv
