#pragma once

namespace kv::cli {

inline constexpr const char* version = "kvproof 0.1.0";  // As in CMakeLists.txt; a test compares them.

}  // namespace kv::cli
