#include "scenarios/text_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace kv {
namespace {

struct Close {
    void operator()(std::FILE* file) const {
        if (file != stdin) std::fclose(file);
    }
};

Diagnostic unreadable(const std::string& file, const std::string& why) { return {.where = {.file = file}, .message = why}; }

}  // namespace

std::variant<std::string, Diagnostic> read_text_file(const std::string& file, std::size_t bytes_max) {
    const std::unique_ptr<std::FILE, Close> opened(file == "-" ? stdin : std::fopen(file.c_str(), "rb"));
    if (!opened) return unreadable(file, std::string("cannot be read: ") + std::strerror(errno));
    std::string text;
    constexpr std::size_t chunk_bytes = 1 << 16;
    for (std::size_t got = chunk_bytes; got == chunk_bytes;) {
        const std::size_t before = text.size();
        text.resize(before + chunk_bytes);
        errno = 0;
        got = std::fread(text.data() + before, 1, chunk_bytes, opened.get());
        text.resize(before + got);
        if (std::ferror(opened.get()) != 0)
            return unreadable(file, std::string("cannot be read: ") + std::strerror(errno));  // A folder, among others.
        if (text.size() > bytes_max) return unreadable(file, "is larger than " + std::to_string(bytes_max) + " bytes, the most that is read");
    }
    return text;
}

}  // namespace kv
