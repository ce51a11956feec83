// What every transport keeps of a request.
#pragma once

#include "model/capture/joined_rows.h"
#include "model/capture/row_step.h"
#include "model/engine.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kv {

struct RequestRows {
    RowRequest asked = {};
    std::int64_t hit = 0;     // As it was last admitted.
    std::int64_t loaded = 0;  // Positions [hit, hit + loaded).
    JoinedRows joined = {};
};

// The decisions that transports share, taken once.
struct DeliveryRules {
    RowRequests requests;
    HitRows hits;
    LoadedRows loads;
    LostRows lost;
    ResumedRows resumed;
    bool typed_by_step;

    explicit DeliveryRules(const Engine& engine)
        : requests(engine.row_requests.choice),
          hits(engine.hit_rows.choice),
          loads(engine.loaded_rows.choice),
          lost(engine.lost_rows.choice),
          resumed(engine.resumed_rows.choice),
          typed_by_step(engine.row_type.choice == RowTyping::by_step) {}

    bool wants(const RequestRows& request) const { return requests == RowRequests::every_request || request.asked.opted_in; }

    // Positions of [first, first + rows) whose rows an engine says are missing although something may lie there.
    void mark_unsaid(const RequestRows& request, std::int64_t first, std::int64_t columns, std::span<RowTag> rows) const {
        const std::int64_t end = first + std::ssize(rows) / columns;
        const auto mark = [&](std::int64_t from, std::int64_t to) {
            from = std::clamp(from, first, end);
            to = std::clamp(to, from, end);
            std::fill(rows.begin() + (from - first) * columns, rows.begin() + (to - first) * columns, missing_tag);
        };
        if (hits == HitRows::missing) mark(0, request.hit);
        if (loads == LoadedRows::missing) mark(request.hit, request.hit + request.loaded);
    }
};

// The narrowest type for the ids of rows, where each step has its own.
inline RowType type_of_rows(const RowFormat& format, std::uint64_t seed, std::span<const RowTag> rows) {
    std::int64_t largest = 0;
    for (std::size_t i = 0; i < rows.size(); i += static_cast<std::size_t>(format.columns()))
        if (origin_of(rows[i])) largest = std::max(largest, largest_id(format, seed, rows[i]));
    return narrowest(largest + 1);
}

}  // namespace kv
