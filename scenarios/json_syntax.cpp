#include "scenarios/json_syntax.h"

#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

namespace kv {

namespace {

bool is_digit(char c) { return '0' <= c && c <= '9'; }
bool is_letter(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == '_'; }
bool is_hex(char c) { return is_digit(c) || ('a' <= c && c <= 'f') || ('A' <= c && c <= 'F'); }
unsigned byte_at(std::string_view text, std::size_t offset) { return static_cast<unsigned char>(text[offset]); }

char at_or_nul(std::string_view text, std::size_t offset) { return offset < text.size() ? text[offset] : '\0'; }

std::size_t digits_end(std::string_view text, std::size_t offset) {
    while (is_digit(at_or_nul(text, offset))) ++offset;
    return offset;
}

std::size_t word_end(std::string_view text, std::size_t offset) {
    while (is_letter(at_or_nul(text, offset)) || is_digit(at_or_nul(text, offset))) ++offset;
    return offset;
}

// What stands at `offset`, as a message calls it, and how many bytes of it there are.
struct Found {
    std::string words;
    std::size_t length = 1;
};

Found found_at(std::string_view text, std::size_t offset) {
    constexpr std::size_t word_bytes_max = 24;
    if (offset >= text.size()) return {.words = "the end of the text"};
    if (is_letter(text[offset])) {
        const std::size_t length = std::min(word_end(text, offset) - offset, word_bytes_max);
        return {.words = fmt::format("`{}`", text.substr(offset, length)), .length = length};
    }
    const CodePoint point = code_point_at(text, offset);
    if (!point.valid) return {.words = fmt::format("the byte 0x{:02X}, which is not UTF-8", byte_at(text, offset))};
    if (byte_at(text, offset) < 0x20 || byte_at(text, offset) == 0x7f)
        return {.words = fmt::format("the control character U+{:04X}", byte_at(text, offset))};
    return {.words = fmt::format("`{}`", text.substr(offset, point.bytes)), .length = point.bytes};
}

JsonSyntaxError expected_at(std::string_view text, std::size_t offset, std::string_view expected) {
    const Found found = found_at(text, offset);
    return {.offset = offset, .length = found.length, .message = fmt::format("expected {}, found {}", expected, found.words)};
}

// 0xD800 to 0xDBFF is the first half of a pair, 0xDC00 to 0xDFFF the second; -1 where no \uXXXX stands.
int escaped_unit(std::string_view text, std::size_t offset) {
    if (at_or_nul(text, offset) != '\\' || at_or_nul(text, offset + 1) != 'u') return -1;
    int unit = 0;
    for (std::size_t i = offset + 2; i < offset + 6; ++i) {
        const char c = at_or_nul(text, i);
        if (!is_hex(c)) return -1;
        unit = unit * 16 + (is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return unit;
}

JsonSyntaxError bad_escape(std::string_view text, std::size_t offset) {
    if (at_or_nul(text, offset + 1) != 'u') {
        const Found found = found_at(text, offset + 1);
        return {
            .offset = offset, .length = 2, .message = fmt::format("expected one of \" \\ / b f n r t u after `\\`, found {}", found.words)};
    }
    if (escaped_unit(text, offset) < 0) return {.offset = offset, .length = 2, .message = "expected four hexadecimal digits after `\\u`"};
    return {.offset = offset, .length = 6, .message = "expected a surrogate pair: \\uD800 to \\uDBFF, then \\uDC00 to \\uDFFF"};
}

// The bytes of a good escape; 0 for a bad one.
std::size_t escape_length(std::string_view text, std::size_t offset) {
    constexpr std::string_view simple = "\"\\/bfnrt";
    const char letter = at_or_nul(text, offset + 1);
    if (letter != '\0' && simple.find(letter) != std::string_view::npos) return 2;
    const int unit = escaped_unit(text, offset);
    if (unit < 0 || (0xDC00 <= unit && unit <= 0xDFFF)) return 0;
    if (unit < 0xD800 || unit > 0xDFFF) return 6;
    const int second = escaped_unit(text, offset + 6);
    return 0xDC00 <= second && second <= 0xDFFF ? 12 : 0;
}

JsonSyntaxError bad_string(std::string_view text, std::size_t quote) {
    for (std::size_t i = quote + 1; i < text.size();) {
        if (text[i] == '"') break;
        if (byte_at(text, i) < 0x20) {
            return {.offset = i, .message = fmt::format("expected a control character of a string as \\u{:04x}", byte_at(text, i))};
        }
        if (text[i] == '\\') {
            const std::size_t length = escape_length(text, i);
            if (length == 0) return bad_escape(text, i);
            i += length;
            continue;
        }
        const CodePoint point = code_point_at(text, i);
        if (!point.valid) return expected_at(text, i, "UTF-8");
        i += point.bytes;
    }
    return {.offset = quote, .message = "expected a closing `\"`: the string is not ended"};
}

JsonSyntaxError bad_number(std::string_view text, std::size_t start) {
    std::size_t end = start + (text[start] == '-' ? 1 : 0);
    if (!is_digit(at_or_nul(text, end))) return expected_at(text, end, "a digit after `-`");
    end = text[end] == '0' ? end + 1 : digits_end(text, end);
    if (at_or_nul(text, end) == '.') {
        if (!is_digit(at_or_nul(text, end + 1))) return expected_at(text, end + 1, "a digit after the decimal point");
        end = digits_end(text, end + 1);
    }
    if (at_or_nul(text, end) == 'e' || at_or_nul(text, end) == 'E') {
        std::size_t digits = end + 1;
        if (at_or_nul(text, digits) == '+' || at_or_nul(text, digits) == '-') ++digits;
        if (!is_digit(at_or_nul(text, digits))) return expected_at(text, digits, "a digit of the exponent");
        end = digits_end(text, digits);
    }
    return {.offset = start, .length = end - start, .message = "expected a number that a double can hold, at most about 1.8e308"};
}

JsonSyntaxError bad_word(std::string_view text, std::size_t start) {
    struct Mistaken {
        std::string_view word, meant;
    };
    constexpr std::array<Mistaken, 4> python{{{"True", "true"}, {"False", "false"}, {"None", "null"}, {"nil", "null"}}};
    JsonSyntaxError error = expected_at(text, start, "a value");
    const std::string_view word = text.substr(start, word_end(text, start) - start);
    const auto* const mistaken = std::ranges::find(python, word, &Mistaken::word);
    if (mistaken != python.end()) error.message += fmt::format(": write `{}`", mistaken->meant);
    if (word == "NaN" || word == "Infinity") error.message += ": JSON has only finite numbers";
    return error;
}

JsonSyntaxError bad_value(std::string_view text, std::size_t offset, std::string_view expected) {
    const char first = at_or_nul(text, offset);
    if (first == '"') return bad_string(text, offset);
    if (first == '-' || is_digit(first)) return bad_number(text, offset);
    if (is_letter(first)) return bad_word(text, offset);
    return expected_at(text, offset, expected);
}

JsonSyntaxError bad_key(std::string_view text, std::size_t offset, std::string_view expected) {
    return at_or_nul(text, offset) == '"' ? bad_string(text, offset) : expected_at(text, offset, expected);
}

}  // namespace

JsonSyntaxError json_syntax_error(std::string_view text, std::size_t offset, JsonPlace place) {
    offset = json_space_end(text, offset);
    const std::size_t after = json_space_end(text, std::min(offset + 1, text.size()));
    const char here = at_or_nul(text, offset);
    switch (place) {
        case JsonPlace::nothing:
            return bad_value(text, offset, "a value");
        case JsonPlace::open_array:
            return bad_value(text, offset, "a value or `]`");
        case JsonPlace::open_object:
            return bad_key(text, offset, "a key in quotes or `}`");
        case JsonPlace::key:
            if (here == ':') return bad_value(text, after, "a value");
            return expected_at(text, offset, "`:` after the key");
        case JsonPlace::array_value:
            if (here == ',') return bad_value(text, after, "a value after `,`");
            return expected_at(text, offset, "`,` or `]`");
        case JsonPlace::object_value:
            if (here == ',') return bad_key(text, after, "a key in quotes after `,`");
            return expected_at(text, offset, "`,` or `}`");
        case JsonPlace::whole_value:
            break;
    }
    return expected_at(text, offset, "nothing after the value");
}

std::vector<NonFinite> mask_non_finite(std::string& text) {
    struct Word {
        std::string_view word, mask;
        double value;
    };
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr std::array<Word, 3> words{{{"NaN", "1.0", std::numeric_limits<double>::quiet_NaN()},
                                         {"Infinity", "1.000000", infinity},
                                         {"-Infinity", "-1.000000", -infinity}}};
    std::vector<NonFinite> found;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '"') {
            i = json_string_end(text, i);
            continue;
        }
        const bool minus = text[i] == '-';
        if (!minus && !is_letter(text[i])) {
            i = std::max(word_end(text, i), i + 1);  // 1NaN is one word, and not a number.
            continue;
        }
        const std::size_t end = std::max(word_end(text, minus ? i + 1 : i), i + 1);
        const auto* const known = std::ranges::find(words, std::string_view(text).substr(i, end - i), &Word::word);
        if (known != words.end()) {
            found.push_back({.offset = i, .value = known->value});
            text.replace(i, known->mask.size(), known->mask);
        }
        i = end;
    }
    return found;
}

std::size_t json_space_end(std::string_view text, std::size_t offset) {
    while (offset < text.size() && (text[offset] == ' ' || text[offset] == '\t' || text[offset] == '\n' || text[offset] == '\r')) ++offset;
    return offset;
}

std::size_t json_number_end(std::string_view text, std::size_t offset) {
    std::size_t end = offset + (at_or_nul(text, offset) == '-' ? 1 : 0);
    if (!is_digit(at_or_nul(text, end))) return offset;
    end = text[end] == '0' ? end + 1 : digits_end(text, end);  // 01 is the number 0 and then something else.
    if (at_or_nul(text, end) == '.' && is_digit(at_or_nul(text, end + 1))) end = digits_end(text, end + 1);
    if (at_or_nul(text, end) != 'e' && at_or_nul(text, end) != 'E') return end;
    const char sign = at_or_nul(text, end + 1);
    const std::size_t exponent = end + (sign == '+' || sign == '-' ? 2 : 1);
    return is_digit(at_or_nul(text, exponent)) ? digits_end(text, exponent) : end;
}

std::size_t json_string_end(std::string_view text, std::size_t offset) {
    for (std::size_t i = offset + 1; i < text.size(); i += text[i] == '\\' ? 2 : 1)
        if (text[i] == '"') return i + 1;
    return text.size();
}

}  // namespace kv
