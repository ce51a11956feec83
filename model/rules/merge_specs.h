// Which specs may share one group, and the spec that the group then has.
#pragma once

#include "model/engine.h"

#include <array>

namespace kv {

std::variant<KvSpec, Refusal> merge_by_old_fields(std::span<const KvSpec* const> specs);
std::variant<KvSpec, Refusal> merge_by_all_fields(std::span<const KvSpec* const> specs);
std::variant<KvSpec, Refusal> merge_with_sinks(std::span<const KvSpec* const> specs);

inline constexpr MergeSpecs old_fields{
    .id = "old-fields",
    .meaning =
        "full attention merges when block, heads, key size, type and padding agree (value size is not looked at); other kinds when equal",
    .source = "vllm 0.18.0, KVCacheSpec.merge of each kind",
    .decide = merge_by_old_fields};
inline constexpr MergeSpecs all_fields{.id = "all-fields",
                                       .meaning =
                                           "full attention merges when every field of its cache agrees; latent caches also by version, "
                                           "role and alignment; other kinds when equal",
                                       .source = "vllm 0.32.0, KVCacheSpec.merge of each kind",
                                       .decide = merge_by_all_fields};
inline constexpr MergeSpecs all_fields_and_sinks{
    .id = "all-fields-and-sinks",
    .meaning = "the same, and a group has the sink of any of its layers, not only of the first",
    .source = "kvproof: without R12",
    .decide = merge_with_sinks};
inline constexpr std::array merge_specs_rules{old_fields, all_fields, all_fields_and_sinks};

}  // namespace kv
