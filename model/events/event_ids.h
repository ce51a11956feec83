// Who and when, in every event; and how an event tells its parts: `parts(event, each)` calls `each(name, part, meaning)` for every one of
// them, in order. Digests, files, their schema and the table in docs/ are made from that alone.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace kv {

enum class RankId : std::int32_t {};     // A data-parallel rank.
enum class RequestId : std::int64_t {};  // Of a rank, in order of arrival.
enum class StepId : std::int64_t {};     // Of a rank, from 0.

// An enum whose values have names, found as names_of(value).
template <class Value>
concept Named = std::is_enum_v<Value> && requires(Value value) {
    { names_of(value) } -> std::convertible_to<std::span<const std::string_view>>;
};

}  // namespace kv
