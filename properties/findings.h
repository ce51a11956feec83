// The findings of a run: each once, with how often it came.
#pragma once

#include "model/finding.h"

#include <cstddef>
#include <vector>

namespace kv {

class Findings {
public:
    // A finding at the place of an earlier one is counted there; the figures of the first stay.
    void add(Finding finding);

    const std::vector<Finding>& all() const { return all_; }
    void clear() { all_.clear(); }

    static constexpr std::size_t kept_max = 10'000;  // More are only counted.
    std::int64_t dropped() const { return dropped_; }

private:
    std::vector<Finding> all_ = {};
    std::int64_t dropped_ = 0;
};

}  // namespace kv
