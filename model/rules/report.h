// Who says what of a finished plan, and what a failure to say it means.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

void report_each_worker(const Planning& planning, Plan& plan);
void report_scheduler(const Planning& planning, Plan& plan);

inline constexpr Report each_worker{
    .id = "each-worker",
    .meaning = "every worker reports as part of planning, and a report that fails ends the plan; the first worker's is the model's",
    .source = "vllm 0.18.0, get_kv_cache_configs",
    .decide = report_each_worker};
inline constexpr Report scheduler_once{.id = "scheduler-once",
                                       .meaning = "the engine core reports once, of the scheduler's view, after the plan stands",
                                       .source = "vllm 0.32.0, EngineCore._initialize_kv_caches",
                                       .decide = report_scheduler};
inline constexpr std::array report_rules{each_worker, scheduler_once};

}  // namespace kv
