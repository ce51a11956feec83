// Whether a reported capacity is the true one. The ratio stands beside every verdict.
#pragma once

#include "model/units.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kv {

enum class Verdict : std::uint8_t { is_true, under_reports, over_reports };
std::string_view name_of(Verdict verdict);  // "true", "under-reports", "over-reports"

struct Judgement {
    Verdict verdict = Verdict::is_true;
    std::optional<double> ratio = {};  // Reported to true; empty where nothing fits.
};

// A figure is true within `grain` tokens (see capacity_grain), or within `tolerance`, a share of the truth, where that is more.
Judgement judge_capacity(Tokens reported, Tokens truth, Tokens grain, double tolerance = 0);

}  // namespace kv
