// Real bugs of real engines, by the numbers that scenarios and properties name them by: where each was told, and what went wrong.
#pragma once

#include <span>
#include <string_view>

namespace kv {

struct KnownBug {
    std::string_view id;       // "B19"; R01 and on were seen in released engines while their answers were recorded.
    std::string_view threads;  // "vllm#40691, #40384": repositories by their short names.
    std::string_view what;
};

std::span<const KnownBug> known_bugs();
const KnownBug* known_bug(std::string_view id);  // Null: there is none of that number.

}  // namespace kv
