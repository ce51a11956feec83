// The most bytes one request holds in one layer at once: what startup sizing charges it.
#pragma once

#include "model/engine.h"

#include <array>

namespace kv {

Bytes request_bytes_one_batch(const Engine& engine, const KvSpec& spec, const Settings& settings);
Bytes request_bytes_in_flight(const Engine& engine, const KvSpec& spec, const Settings& settings);

inline constexpr RequestBytes one_batch{.id = "one-batch",
                                        .meaning = "bounded kinds hold their window or chunk and one step's token budget",
                                        .source = "vllm 0.18.0, KVCacheSpec.max_memory_usage_bytes of each kind",
                                        .decide = request_bytes_one_batch};
inline constexpr RequestBytes in_flight_batches{
    .id = "in-flight-batches",
    .meaning = "bounded kinds hold their window or chunk and the tokens of all batches in flight",
    .source = "vllm 0.32.0, max_admission_blocks_per_request",
    .decide = request_bytes_in_flight};
inline constexpr std::array request_bytes_rules{one_batch, in_flight_batches};

}  // namespace kv
