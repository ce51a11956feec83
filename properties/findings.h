// The findings of a run: each once, with how often it came.
#pragma once

#include "model/finding.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace kv {

class Findings {
public:
    // A finding at the place of an earlier one is counted there; the figures of the first stay.
    void add(Finding finding);

    const std::vector<Finding>& all() const { return all_; }

    static constexpr std::size_t kept_max = 10'000;  // More are only counted.
    std::int64_t dropped() const { return dropped_; }

private:
    using Place =
        std::tuple<PropertyId, std::optional<RankId>, std::optional<std::int64_t>, std::optional<std::int64_t>, std::optional<RequestId>,
                   std::optional<FigureDirection>, std::optional<RowState>, std::optional<ReleaseTime>, std::optional<std::int64_t>>;
    static Place place_of(const Finding& finding);

    std::vector<Finding> all_ = {};
    std::map<Place, std::size_t> known_ = {};
    std::int64_t dropped_ = 0;
};

}  // namespace kv
