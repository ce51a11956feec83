// Every small way in which a step's tokens can reach a router, and what each rule of the slot capture-layout makes of it: an enumeration,
// so that "guessing works in practice" is a number.
#pragma once

#include "model/engine.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

struct SurveyBounds {
    std::int64_t ranks_max = 4;
    std::int64_t tp_max = 4;
    std::int64_t tokens_max = 6;   // A rank.
    std::int64_t padding_max = 8;  // Rows, where the view pads.
    unsigned threads = 0;          // 0: as many as there are cores.
};

// A case is one view of one step as one worker of one rank sees it.
struct LayoutCounts {
    std::int64_t cases = 0;
    std::int64_t right = 0;      // The step buffer holds this rank's rows, each in its place.
    std::int64_t wrong = 0;      // It holds others, or lacks some, and nobody was told.
    std::int64_t refused = 0;    // The engine raises.
    std::int64_t skipped = 0;    // It captures nothing.
    std::int64_t ambiguous = 0;  // Another view has as many rows and the same counts of ranks, and needs other rows: shapes do not tell.
    friend bool operator==(const LayoutCounts&, const LayoutCounts&) = default;
    LayoutCounts& operator+=(const LayoutCounts& other);
};

// Views as they are surveyed: those of RouterView, and one that comes as two micro-batches.
inline constexpr std::size_t surveyed_views = router_view_names.size() + 1;
std::string_view surveyed_view_name(std::size_t view);

struct SurveyedRule {
    std::string rule;                                             // Of the slot capture-layout; the others as its engine has them.
    std::string engine;                                           // Where that rule is at home.
    std::array<LayoutCounts, surveyed_views> publishing;          // On tensor-parallel rank 0, whose rows are delivered,
    std::array<LayoutCounts, surveyed_views> other_workers = {};  // and on the others.
};

std::vector<SurveyedRule> survey_layouts(const SurveyBounds& bounds);

}  // namespace kv
