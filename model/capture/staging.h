// What holds the rows of steps that were computed but not yet put out. With one buffer for all, a later step replaces an earlier one's
// rows and slots (B17).
#pragma once

#include "model/capture/row_step.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kv {

class Staging {
public:
    Staging(RowStaging rule, const RowSetup& setup, std::int64_t columns);

    std::int64_t in_flight() const { return in_flight_; }
    void push(const RowStep& step);
    RowStep oldest() const;  // Its requests are its own, whatever becomes of its rows.
    bool dropped(std::size_t nth_request) const { return steps_[place(0)].dropped[nth_request]; }
    void pop();
    void drop(std::int64_t request);  // What steps in flight bring of it is for nobody.

private:
    struct Held {
        std::vector<StepRequest> requests = {};
        std::vector<bool> dropped = {};        // One for each of these.
        std::vector<std::int64_t> slots = {};  // As many as any step has, so that what a shorter one leaves is there to be seen.
        std::vector<RowTag> rows = {};
        std::int64_t tokens = 0;
    };
    std::size_t place(std::int64_t nth) const { return static_cast<std::size_t>((first_ + nth) % std::ssize(steps_)); }
    std::size_t buffer(std::size_t place) const { return shared_ ? 0 : place; }

    bool shared_;
    std::int64_t columns_;
    std::vector<Held> steps_;  // A ring.
    std::int64_t first_ = 0;
    std::int64_t in_flight_ = 0;
};

}  // namespace kv
