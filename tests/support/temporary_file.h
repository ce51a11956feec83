// A file with given bytes, gone with the object.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace kv::testing {

class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& bytes) {
        std::string name = (std::filesystem::temp_directory_path() / "kvproof-test-XXXXXX").string();
        const int descriptor = mkstemp(name.data());
        EXPECT_GE(descriptor, 0) << "no temporary file in " << std::filesystem::temp_directory_path();
        if (descriptor >= 0) close(descriptor);
        path_ = name;
        std::ofstream(path_, std::ios::binary) << bytes;
    }
    ~TemporaryFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace kv::testing
