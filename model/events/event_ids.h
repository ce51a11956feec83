// Who and when, in every event.
#pragma once

#include <cstdint>

namespace kv {

enum class RankId : std::int32_t {};     // A data-parallel rank.
enum class RequestId : std::int64_t {};  // In order of arrival.
enum class StepId : std::int64_t {};     // Of a rank, from 0.

}  // namespace kv
