#include "cli/whole_file.h"

#include "model/contract.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace kv::cli {
namespace {

// Read by a signal handler: each is empty, or what to remove. A report and a trace are written at once, at most.
constexpr std::size_t files_max = 4;
constexpr std::size_t name_bytes_max = 4096;
char unfinished[files_max][name_bytes_max] = {};

int free_slot() {
    const auto free = std::ranges::find_if(unfinished, [](const char* name) { return name[0] == '\0'; });
    require(free != std::end(unfinished), "few files are written at once");
    return static_cast<int>(free - std::begin(unfinished));
}

}  // namespace

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

WholeFile::WholeFile(std::string file) : file_(std::move(file)) {
    struct stat there = {};
    if (::stat(file_.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
        descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
        if (descriptor_ < 0) fail();
        return;
    }
    std::string beside = file_ + ".XXXXXX";
    if (beside.size() >= name_bytes_max) {
        error_ = ENAMETOOLONG;
        return;
    }
    descriptor_ = ::mkstemp(beside.data());
    if (descriptor_ < 0) {
        fail();
        return;
    }
    slot_ = free_slot();
    std::memcpy(unfinished[slot_], beside.c_str(), beside.size() + 1);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(descriptor_, 0666 & ~mask) != 0) fail();
}

WholeFile::~WholeFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (slot_ < 0) return;
    ::unlink(unfinished[slot_]);
    unfinished[slot_][0] = '\0';
}

bool WholeFile::fail() {
    if (error_ == 0) error_ = errno;
    return false;
}

bool WholeFile::write(std::string_view chunk) {
    if (error_ != 0) return false;
    return write_all(descriptor_, chunk) || fail();
}

bool WholeFile::finish() {
    if (error_ != 0) return false;
    if (slot_ >= 0 && ::fsync(descriptor_) != 0) return fail();
    if (::close(std::exchange(descriptor_, -1)) != 0) return fail();
    if (slot_ < 0) return true;
    if (::rename(unfinished[slot_], file_.c_str()) != 0) return fail();
    unfinished[std::exchange(slot_, -1)][0] = '\0';
    return true;
}

void remove_unfinished_files() {
    for (const char* name : unfinished)
        if (name[0] != '\0') ::unlink(name);
}

}  // namespace kv::cli
