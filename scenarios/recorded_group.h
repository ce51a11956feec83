// Groups of a cache as recordings of engines' cache managers write them: short names of kinds, and only the fields that have no default.
#pragma once

#include "model/cache/cache_setup.h"
#include "scenarios/json_fields.h"
#include "scenarios/spec_fields.h"

#include <cstddef>
#include <optional>

namespace kv {

inline constexpr std::size_t recorded_groups_max = 32;
inline constexpr std::int64_t recorded_blocks_max = std::int64_t{1} << 20;  // Of a pool, and that a request asks for beyond its tokens.

// Empty, and nothing noted, where this version has no such kind. Notes what is wrong.
std::optional<CacheGroup> read_recorded_group(JsonValue value, RecordShape shape, JsonErrors& errors);

}  // namespace kv
