// Which layers of a hybrid count as one kind when they are split into groups of equal size.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

std::vector<std::vector<std::size_t>> buckets_of_equal_specs(Planning& planning);
std::vector<std::vector<std::size_t>> buckets_of_mergeable_specs(Planning& planning);

inline constexpr LayerBuckets equal_specs{.id = "equal-specs",
                                          .meaning = "layers with equal specs",
                                          .source = "vllm 0.18.0, _get_kv_cache_groups_uniform_page_size",
                                          .decide = buckets_of_equal_specs};
inline constexpr LayerBuckets mergeable_specs{.id = "mergeable-specs",
                                              .meaning = "layers with specs that merge, so that fewer groups come out",
                                              .source = "vllm 0.32.0, _get_kv_cache_groups_uniform_page_size",
                                              .decide = buckets_of_mergeable_specs};
inline constexpr std::array layer_buckets_rules{equal_specs, mergeable_specs};

}  // namespace kv
