// The files that a report was made from, so that who reads it later can tell whether they are the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

struct InputFile {
    std::string name;                        // As it was given.
    std::optional<std::int64_t> bytes = {};  // None: no plain file (a folder, a pipe), or it could not be read again.
    std::string sha256 = {};                 // In hexadecimal; empty where `bytes` is.
};

std::vector<InputFile> input_files(const std::vector<std::string>& names);  // Each name once.

}  // namespace kv
