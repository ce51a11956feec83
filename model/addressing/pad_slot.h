// What stands in a slot mapping for a token that is not stored: a row of a padded batch that nobody sent, or a token of another rank.
#pragma once

#include <cstdint>

namespace kv {

inline constexpr std::int64_t pad_slot = -1;

}  // namespace kv
