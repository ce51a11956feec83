// The pool of a plan, and by construction what fits into it.
#pragma once

#include "harness/capacity_report.h"
#include "harness/plan_file.h"

namespace kv {

// What the experiment is made from: the scheduler's view of a plan. A plan without groups has no experiment.
CapacityCase capacity_case(const Engine& engine, const Plan& plan, const Settings& settings);

CapacityPool make_pool(const AskedEngine& asked, const ModelFile& model, const PlannedFile& planned, const CapacityQuestion& question);

// Lengths from the least to the most, by doubling or a power of it so that there are not more than `points_max`, the longest request of the
// model among them where it lies between.
std::vector<Tokens> curve_lengths(LengthRange range, Tokens model_len_max, std::size_t points_max);

// How many requests of a workload fit into the pool at once.
WorkloadFit fit_workload(const Engine& engine, const CapacityCase& given, const Workload& workload, Tokens model_len_max);

}  // namespace kv
