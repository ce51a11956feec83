#include "scenarios/utf8.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

struct Range {
    char32_t first, last;
};

template <std::size_t N>
bool lies_in(char32_t value, const std::array<Range, N>& ranges) {
    return std::ranges::any_of(ranges, [value](Range range) { return range.first <= value && value <= range.last; });
}

constexpr std::array<Range, 10> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 4> combining{{{0x300, 0x36F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
// C1 controls, line and paragraph separators, and what changes the direction of the text around it.
constexpr std::array<Range, 6> unprintable{
    {{0x80, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}}};

std::uint8_t byte_at(std::string_view text, std::size_t offset) { return static_cast<std::uint8_t>(text[offset]); }

void append_picture(std::string& out, std::uint8_t control) {  // U+2400 + control: three bytes, the last carries the number.
    out += "\xE2\x90";
    out += static_cast<char>(0x80 + (control == 0x7F ? 0x21 : control));
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t offset) {
    const std::uint8_t lead = byte_at(text, offset);
    if (lead < 0x80) return {lead, 1, true};
    const int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    const CodePoint bad{lead, 1, false};
    if (lead < 0xC2 || lead > 0xF4 || text.size() - offset < static_cast<std::size_t>(length)) return bad;
    auto value = static_cast<char32_t>(lead & (0xFF >> (length + 1)));
    for (int i = 1; i < length; ++i) {
        const std::uint8_t next = byte_at(text, offset + static_cast<std::size_t>(i));
        if ((next & 0xC0) != 0x80) return bad;
        value = (value << 6) | (next & 0x3F);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = 0xD800 <= value && value <= 0xDFFF;
    if (value < least[static_cast<std::size_t>(length)] || value > 0x10FFFF || surrogate) return bad;
    return {value, static_cast<std::uint8_t>(length), true};
}

std::size_t code_points(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); at += code_point_at(text, at).bytes) ++count;
    return count;
}

std::size_t cells(CodePoint point) {
    if (!point.valid) return 1;
    if (lies_in(point.value, combining)) return 0;
    return lies_in(point.value, wide) ? 2 : 1;
}

std::size_t cells(std::string_view text) {
    std::size_t sum = 0;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        sum += cells(point);
        at += point.bytes;
    }
    return sum;
}

std::size_t invalid_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        if (!point.valid) return at;
        at += point.bytes;
    }
    return std::string_view::npos;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        if (!point.valid || lies_in(point.value, unprintable)) out += replacement;
        else if (point.value == '\t') out += ' ';
        else if (point.value < 0x20 || point.value == 0x7F) append_picture(out, static_cast<std::uint8_t>(point.value));
        else out += text.substr(at, point.bytes);
        at += point.bytes;
    }
    return out;
}

std::string shortened(std::string_view text, std::size_t most) {
    std::size_t at = 0;
    for (std::size_t count = 0; at < text.size(); ++count) {
        if (count == most) return printable(text.substr(0, at)) + "...";
        at += code_point_at(text, at).bytes;
    }
    return printable(text);
}

}  // namespace kv
