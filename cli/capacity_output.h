// The options of `kvproof capacity`, and its answers as a report of the format that they name.
#pragma once

#include "cli/capacity_options.h"
#include "cli/output.h"
#include "harness/capacity_report.h"

#include <optional>
#include <string>
#include <vector>

namespace kv::cli {

struct CapacityOptions {
    std::vector<std::string> files, models;
    std::optional<std::string> workload;
    CapacityFlags flags;
    bool check = false;
    bool no_plots = false;
    std::optional<std::string> plots_folder;
    OutputOptions output;
};

// As it can be pasted into a shell: the same report again, on the standard output.
std::string command_of(const CapacityOptions& options);

// Hands the report on, and the plots before it where they are asked for; `status` is what the program ends with when that works.
int deliver_capacity(const CapacityOptions& options, const std::vector<CapacityAnswer>& answers, int status);

}  // namespace kv::cli
