#include "harness/input_file.h"

#include "harness/sha256.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <sys/stat.h>

namespace kv {
namespace {

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

InputFile described(const std::string& name) {
    InputFile input{.name = name};
    struct stat there = {};
    if (::stat(name.c_str(), &there) != 0 || !S_ISREG(there.st_mode)) return input;  // A pipe has been read, and would wait for more.
    const std::unique_ptr<std::FILE, Close> opened(std::fopen(name.c_str(), "rb"));
    if (!opened) return input;
    Sha256 digest;
    std::int64_t bytes = 0;
    std::array<char, 1 << 16> chunk{};
    for (std::size_t got = chunk.size(); got == chunk.size();) {
        got = std::fread(chunk.data(), 1, chunk.size(), opened.get());
        digest.add({chunk.data(), got});
        bytes += static_cast<std::int64_t>(got);
    }
    if (std::ferror(opened.get()) != 0) return input;
    input.bytes = bytes;
    input.sha256 = digest.hexadecimal();
    return input;
}

}  // namespace

std::vector<InputFile> input_files(const std::vector<std::string>& names) {
    std::vector<InputFile> inputs;
    for (const std::string& name : names)
        if (std::ranges::find(inputs, name, &InputFile::name) == inputs.end()) inputs.push_back(described(name));
    return inputs;
}

}  // namespace kv
