// Runs the program and keeps what it says.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace kv::testing {

struct Said {
    int status = -1;  // 128 + the signal that ended it.
    std::string out;
    std::string err;
};

inline std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// A folder of its own for each test, gone afterwards.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "kvproof-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    std::filesystem::path file(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return path_ / name;
    }
    std::size_t size() const { return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {})); }

private:
    std::filesystem::path path_;
};

// In the root of the source tree; `arguments` as a shell reads them.
inline Said kvproof(const std::string& arguments, const std::string& before = {}) {
    const Folder folder;
    const std::string command = "cd '" KV_SOURCE_DIR "' && " + before + " '" KV_BINARY "' " + arguments + " >'" +
                                (folder / "out").string() + "' 2>'" + (folder / "err").string() + "'";
    const int ended = std::system(command.c_str());
    return {.status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended),
            .out = contents(folder / "out"),
            .err = contents(folder / "err")};
}

}  // namespace kv::testing
