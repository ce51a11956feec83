#include "scenarios/lines.h"

#include <boost/iostreams/categories.hpp>
#include <boost/iostreams/filter/gzip.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace kv {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{64} << 10;
constexpr std::string_view gzip_magic = "\x1f\x8b";

std::string system_message() { return std::generic_category().message(errno); }

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

// A file whose first bytes were looked at and are handed out again. What the gzip filter reads from.
class PeekedFile {
public:
    using char_type = char;
    using category = boost::iostreams::source_tag;

    explicit PeekedFile(std::FILE* file) : file_(file) { peeked_size_ = std::fread(peeked_.data(), 1, peeked_.size(), file); }

    bool is_gzip() const { return std::string_view(peeked_.data(), peeked_size_) == gzip_magic; }

    std::streamsize read(char* out, std::streamsize wanted) {
        const auto size = static_cast<std::size_t>(wanted);
        std::size_t count = std::min(size, peeked_size_ - peeked_used_);
        std::memcpy(out, peeked_.data() + peeked_used_, count);
        peeked_used_ += count;
        if (count == 0) count = std::fread(out, 1, size, file_.get());
        if (count == 0 && std::ferror(file_.get()) != 0) throw std::runtime_error("cannot read: " + system_message());
        return count == 0 ? -1 : static_cast<std::streamsize>(count);
    }

private:
    std::unique_ptr<std::FILE, CloseFile> file_;
    std::array<char, 2> peeked_{};
    std::size_t peeked_size_ = 0;
    std::size_t peeked_used_ = 0;
};

}  // namespace

class LineReader::ByteStream {
public:
    explicit ByteStream(std::FILE* file) : file_(file) {}

    // As many bytes as there are, at most `wanted`; 0 at the end. Throws where the file or the compressed data is broken.
    std::size_t read(char* out, std::size_t wanted) {
        const auto count = static_cast<std::streamsize>(wanted);
        if (!file_.is_gzip()) return size_of(file_.read(out, count));
        try {
            std::streamsize got = 0;
            while (got == 0) got = unpack_.read(file_, out, count);  // 0: the filter took in bytes and has none to hand out yet.
            return size_of(got);
        } catch (const boost::iostreams::gzip_error&) {
            throw std::runtime_error("the gzip data are damaged or break off here: expected a whole gzip file");
        }
    }

private:
    static std::size_t size_of(std::streamsize count) { return count < 0 ? 0 : static_cast<std::size_t>(count); }

    PeekedFile file_;
    boost::iostreams::gzip_decompressor unpack_;
};

LineReader::LineReader(std::string file) : file_(std::move(file)) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file_, ignored)) {
        fail("is a directory: expected a file");
        return;
    }
    std::FILE* const opened = std::fopen(file_.c_str(), "rb");
    if (opened == nullptr) fail("cannot open: " + system_message());
    else bytes_ = std::make_unique<ByteStream>(opened);
}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

bool LineReader::next(std::string& line) {
    line.clear();
    if (error_) return false;
    while (true) {
        const std::string_view unread = std::string_view(buffer_).substr(buffer_used_);
        const std::size_t line_feed = unread.find('\n');
        const std::size_t count = std::min(line_feed, unread.size());
        if (line.size() + count > line_bytes_max) return fail("the line is longer than 16 MiB");
        line.append(unread.substr(0, count));
        buffer_used_ += count;
        if (line_feed != std::string_view::npos) {
            ++buffer_used_;
            ++line_number_;
            return true;
        }
        if (fill()) continue;
        if (error_ || line.empty()) return false;
        ++line_number_;  // The last line may lack its line feed.
        return true;
    }
}

bool LineReader::fill() {
    if (!bytes_) return false;
    buffer_.resize(buffer_bytes);
    buffer_used_ = 0;
    try {
        buffer_.resize(bytes_->read(buffer_.data(), buffer_.size()));
    } catch (const std::runtime_error& broken) {
        return fail(broken.what());
    }
    if (buffer_.empty()) bytes_.reset();
    return !buffer_.empty();
}

// The error stands on the line that could not be read to its end.
bool LineReader::fail(std::string message) {
    bytes_.reset();
    buffer_.clear();
    buffer_used_ = 0;
    error_ = Diagnostic{.where = {.file = file_, .line = line_number_ + 1}, .message = std::move(message)};
    return false;
}

}  // namespace kv
