// The lines of a file, one after another: plain text or gzip (told by its first bytes, not by its name), in memory that one line bounds.
#pragma once

#include "scenarios/diagnostic.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace kv {

inline constexpr std::size_t line_bytes_max = std::size_t{16} << 20;

class LineReader {
public:
    explicit LineReader(std::string file);  // A file that cannot be read has no lines and an error.
    ~LineReader();
    LineReader(LineReader&&) noexcept;
    LineReader& operator=(LineReader&&) noexcept;

    // The next line without its line feed. False at the end of the file, or at the first error: ask `error` which.
    bool next(std::string& line);

    const std::string& file() const { return file_; }
    std::size_t line_number() const { return line_number_; }  // Of the line that `next` gave last, from 1.
    const std::optional<Diagnostic>& error() const { return error_; }

private:
    class ByteStream;  // The file's bytes, unpacked.

    bool fill();
    bool fail(std::string message);

    std::string file_;
    std::size_t line_number_ = 0;
    std::optional<Diagnostic> error_;
    std::unique_ptr<ByteStream> bytes_;  // Null once there is nothing more to read.
    std::string buffer_;
    std::size_t buffer_used_ = 0;
};

}  // namespace kv
