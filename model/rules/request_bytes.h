// The most bytes one request holds in one layer at once: what startup sizing charges it.
#pragma once

#include "model/engine.h"

#include <array>

namespace kv {

Bytes request_bytes_one_batch(const Engine& engine, const KvSpec& spec, const Settings& settings);
Bytes request_bytes_in_flight(const Engine& engine, const KvSpec& spec, const Settings& settings);
Bytes request_bytes_spare_state(const Engine& engine, const KvSpec& spec, const Settings& settings);
Tokens encoder_step_budget(const Settings& settings);
Tokens encoder_longest_input(const Settings& settings);
Tokens encoder_prompt_length(const Settings& settings);

inline constexpr RequestBytes one_batch{.id = "one-batch",
                                        .meaning = "bounded kinds hold their window or chunk and one step's token budget",
                                        .source = "vllm 0.18.0, KVCacheSpec.max_memory_usage_bytes of each kind",
                                        .decide = request_bytes_one_batch};
inline constexpr RequestBytes in_flight_batches{
    .id = "in-flight-batches",
    .meaning = "bounded kinds hold their window or chunk and the tokens of all batches in flight",
    .source = "vllm 0.32.0, max_admission_blocks_per_request",
    .decide = request_bytes_in_flight};
inline constexpr RequestBytes spare_state{.id = "spare-state",
                                          .meaning = "the same, and states count one more than a request is ever given (B32)",
                                          .source = "sgl-project/sglang#36889",
                                          .decide = request_bytes_spare_state};
inline constexpr std::array request_bytes_rules{one_batch, in_flight_batches, spare_state};

inline constexpr EncoderLength step_budget{
    .id = "step-budget",
    .meaning = "cross-attention of a request is charged the encoder tokens of a whole step (B33)",
    .source = "vllm 0.18.0 and 0.32.0, CrossAttentionSpec.max_memory_usage_bytes; vllm-project/vllm#30772",
    .decide = encoder_step_budget};
inline constexpr EncoderLength longest_input{.id = "longest-input",
                                             .meaning = "the longest input that one request's encoder takes",
                                             .source = "vllm-project/vllm#30772",
                                             .decide = encoder_longest_input};
inline constexpr EncoderLength prompt_length{
    .id = "prompt-length",
    .meaning = "the longest input, but no longer than a prompt may be: an encoder's input that is has no room (B34)",
    .source = "NVIDIA/TensorRT-LLM#19514",
    .decide = encoder_prompt_length};
inline constexpr std::array encoder_length_rules{step_budget, longest_input, prompt_length};

}  // namespace kv
