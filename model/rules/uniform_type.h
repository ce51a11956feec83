// Whether layers with different specs always need the same blocks, so that one block table serves them all.
#pragma once

#include "model/engine.h"

#include <array>

namespace kv {

bool uniform_by_kind(const Engine& engine, std::span<const KvSpec* const> specs);
bool uniform_by_registered_base(const Engine& engine, std::span<const KvSpec* const> specs);

inline constexpr UniformType by_kind{
    .id = "by-kind",
    .meaning = "one block size and one kind (window and chunk alike); a first layer of a kind without a rule is refused",
    .source = "vllm 0.18.0, UniformTypeKVCacheSpecs.is_uniform_type",
    .decide = uniform_by_kind};
inline constexpr UniformType by_registered_base{
    .id = "by-registered-base",
    .meaning = "one block size, one sharding, and every spec derived from the first one's registered base; states also by page",
    .source = "vllm 0.32.0, KVCacheSpec.is_uniform_with_collection and KVCacheSpecRegistry",
    .decide = uniform_by_registered_base};
inline constexpr std::array uniform_type_rules{by_kind, by_registered_base};

}  // namespace kv
