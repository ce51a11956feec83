// How a step's tokens are chosen: each a whole algorithm, chosen when a scheduler is made.
#pragma once

#include "model/rules/cache.h"

#include <array>
#include <cstdint>

namespace kv {

enum class SchedulerRules : std::uint8_t { vllm_0_18, vllm_0_32 };
enum class StateChunks : std::uint8_t { whole_blocks, checkpoints };
enum class EncoderRelease : std::uint8_t { each_step, once };

inline constexpr std::array scheduler_rules{
    Algorithm<SchedulerRules>{"scheduler-0.18", "a request that is admitted gets no slots for drafts", "vllm 0.18.0, Scheduler.schedule",
                              SchedulerRules::vllm_0_18},
    Algorithm<SchedulerRules>{"scheduler-0.32",
                              "a request that is admitted gets slots for drafts, and drafts of nobody where the others decode",
                              "vllm 0.32.0, Scheduler.schedule", SchedulerRules::vllm_0_32}};
inline constexpr Algorithm scheduler_of_0_18 = scheduler_rules[0], scheduler_of_0_32 = scheduler_rules[1];

inline constexpr std::array state_chunks_rules{
    Algorithm<StateChunks>{"whole-blocks", "where states are kept at block boundaries, a prefill's chunks end there",
                           "vllm 0.18.0, Scheduler._mamba_block_aligned_split", StateChunks::whole_blocks},
    Algorithm<StateChunks>{"checkpoints",
                           "the same, and at the end of a shared prefix, at hash blocks, and not where a state can be left inside",
                           "vllm 0.32.0, Scheduler._mamba_block_aligned_split", StateChunks::checkpoints}};
inline constexpr Algorithm chunks_of_whole_blocks = state_chunks_rules[0], chunks_to_checkpoints = state_chunks_rules[1];

inline constexpr std::array encoder_release_rules{
    Algorithm<EncoderRelease>{"each-step",
                              "a request gives its encoder input's room back after each of its outputs, and once more at its end (B35)",
                              "vllm 0.18.0 and 0.32.0, EncoderDecoderCacheManager.free_encoder_input", EncoderRelease::each_step},
    Algorithm<EncoderRelease>{"once", "a request gives the room back that it has", "vllm-project/vllm#55733, #51228",
                              EncoderRelease::once}};
inline constexpr Algorithm encoder_room_each_step = encoder_release_rules[0], encoder_room_once = encoder_release_rules[1];

}  // namespace kv
