// An issue in words that every format shares.
#pragma once

#include "harness/issues.h"

#include <string>
#include <vector>

namespace kv {

// "kvproof run 'a file.toml' --engine vllm-0.18.0"
std::string command_words(const std::vector<std::string>& command);

// "capacity-true: 290864 tokens are reported ... (3 times) [reported 290864, truth 1081344]; rank, step and numbers included.
std::string issue_sentence(const Issue& issue);

// "scenarios/a.toml:12"
std::string place_words(const SourceSpan& place);

}  // namespace kv
