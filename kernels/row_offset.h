// How far into a buffer a row begins, and what its elements may be.
#pragma once

#include <concepts>
#include <cstdint>

namespace kv {

// In 64 bits: a pool of 8,388,608 slots is ordinary, and with 48 layers x 8 ids its rows reach past 2^31.
constexpr std::int64_t row_offset(std::int64_t row, std::int64_t row_width) { return row * row_width; }
static_assert(row_offset(8'388'608, 384) == 3'221'225'472);

template <class Id>
concept ExpertElement = std::same_as<Id, std::uint8_t> || std::same_as<Id, std::uint16_t> || std::same_as<Id, std::int32_t>;

}  // namespace kv
