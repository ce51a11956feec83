#include "model/capacity_verdict.h"

#include <algorithm>
#include <array>

namespace kv {

std::string_view name_of(Verdict verdict) {
    constexpr std::array<std::string_view, 3> names{"true", "under-reports", "over-reports"};
    return names[static_cast<std::size_t>(verdict)];
}

Judgement judge_capacity(Tokens reported, Tokens truth, Tokens grain, double tolerance) {
    require(reported >= Tokens{0} && truth >= Tokens{0} && grain >= Tokens{0}, "a capacity is not negative");
    require(tolerance >= 0, "a tolerance is not negative");
    Judgement judgement;
    if (truth > Tokens{0}) judgement.ratio = static_cast<double>(reported.value) / static_cast<double>(truth.value);
    const Tokens off = std::max(reported, truth) - std::min(reported, truth);
    const bool close = off <= grain || static_cast<double>(off.value) <= tolerance * static_cast<double>(truth.value);
    if (!close) judgement.verdict = reported < truth ? Verdict::under_reports : Verdict::over_reports;
    return judgement;
}

}  // namespace kv
