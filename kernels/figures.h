// What a benchmark of the kernels answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kv {

struct KernelFigure {
    std::string id, what;
    double value = 0;
    std::string unit;
    std::optional<double> ratio = {};  // To what it stands beside, in the same run.
    std::string beside = {};
    std::optional<double> ratio_min = {};  // The budget.

    bool met() const { return !ratio_min || (ratio && *ratio >= *ratio_min); }
};
using KernelFigures = std::vector<KernelFigure>;

}  // namespace kv
