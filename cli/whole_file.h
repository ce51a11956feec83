// A file that is there whole or not at all: written beside its place, and renamed over it when it is complete. What is there already and is
// no plain file (/dev/null, a pipe) is written to as it comes.
#pragma once

#include <string>
#include <string_view>

namespace kv::cli {

bool write_all(int descriptor, std::string_view text);

class WholeFile {
public:
    explicit WholeFile(std::string file);
    ~WholeFile();  // Nothing is left of what was not finished.
    WholeFile(const WholeFile&) = delete;
    WholeFile& operator=(const WholeFile&) = delete;

    // Each is false once something did not work; `error` says what.
    bool write(std::string_view chunk);
    bool finish();
    int error() const { return error_; }  // An errno; 0: all has worked so far.
    const std::string& file() const { return file_; }

private:
    bool fail();

    std::string file_;
    int descriptor_ = -1;
    int error_ = 0;
    int slot_ = -1;  // Of its temporary among those that a signal removes; none: it is written in place.
};

// For a signal handler: what is half written is removed.
void remove_unfinished_files();

}  // namespace kv::cli
