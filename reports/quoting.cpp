#include "reports/quoting.h"

#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

constexpr std::size_t file_word_max = 60;

bool letter_or_digit(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9'); }

bool plain_in_a_shell(char c) { return letter_or_digit(c) || std::string_view("-_./=:,+%@").find(c) != std::string_view::npos; }

// Bytes of a $'...' word: printable ASCII as it is, everything else by its number.
std::string escaped_word(std::string_view word) {
    std::string out = "$'";
    for (const char c : word) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\'' || c == '\\') out += std::string("\\") + c;
        else if (0x20 <= byte && byte < 0x7F) out += c;
        else out += fmt::format("\\{:03o}", byte);  // Always three digits: what follows is never taken for a fourth.
    }
    return out + '\'';
}

}  // namespace

std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string html_name(std::string_view name) { return "<bdi>" + html_text(name) + "</bdi>"; }

std::string markdown_text(std::string_view text) {
    constexpr std::string_view special = "\\`*_{}[]<>#|~&$!";
    const std::string shown = printable(text);
    std::string out;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const bool address = shown[i] == '@' || shown.compare(i, 3, "://") == 0;  // Renderers make links of addresses that stand free.
        if (special.find(shown[i]) != std::string_view::npos) out += '\\';
        if (address) out += shown[i] == '@' ? "&#64;" : "&#58;";
        else out += shown[i];
    }
    return out;
}

std::string gnuplot_text(std::string_view text) {
    std::string out = "'";
    for (const char c : printable(text)) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + '\'';
}

std::string csv_text(std::string_view text) {
    std::string shown = printable(text);
    if (!shown.empty() && std::string_view("=+-@").find(shown.front()) != std::string_view::npos) shown.insert(0, 1, '\'');
    if (shown.find_first_of(",\"") == std::string::npos) return shown;
    std::string out = "\"";
    for (const char c : shown) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + '"';
}

std::string shell_word(std::string_view word) {
    if (!word.empty() && std::ranges::all_of(word, plain_in_a_shell)) return std::string(word);
    if (printable(word) != word) return escaped_word(word);
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + '\'';
}

std::string file_word(std::string_view name) {
    std::string out;
    for (const char c : name.substr(0, file_word_max)) {
        const bool kept = letter_or_digit(c) || (c == '.' && !out.empty()) || c == '-' || c == '_';
        if (kept) out += c;
        else if (!out.empty() && out.back() != '-') out += '-';
    }
    while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
    return out.empty() ? "model" : out;
}

}  // namespace kv
