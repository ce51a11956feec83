// Which groups hold the drafter's layers, whose last block is dropped from prefix hits.
#pragma once

#include "model/planning.h"

#include <array>

namespace kv {

void no_draft_groups(const Planning& planning, std::vector<Group>& groups);
void marked_or_trailing_groups(const Planning& planning, std::vector<Group>& groups);

inline constexpr DraftGroups unmarked{
    .id = "unmarked", .meaning = "groups carry no such mark", .source = "vllm 0.18.0, KVCacheGroupSpec", .decide = no_draft_groups};
inline constexpr DraftGroups marked_or_trailing{
    .id = "marked-or-trailing",
    .meaning = "groups with a layer marked by its spec, else for MTP the group that holds the last registered layer",
    .source = "vllm 0.32.0, _annotate_eagle_groups",
    .decide = marked_or_trailing_groups};
inline constexpr std::array draft_groups_rules{unmarked, marked_or_trailing};

}  // namespace kv
