// What a capacity report says about itself: how it is to be read, and what the engines and patches in it are.
#pragma once

#include "harness/capacity_report.h"

#include <string>
#include <string_view>
#include <vector>

namespace kv {

std::vector<std::string_view> reading_sentences();

struct EngineNote {
    std::string id, meaning, source;
};
std::vector<EngineNote> engine_notes(const std::vector<CapacityAnswer>& answers);  // Each engine and patch that a row names, once.

std::string memory_words(const std::vector<Bytes>& memory);  // "40 GiB", "3 GiB, 4 GiB of 2 workers"

}  // namespace kv
