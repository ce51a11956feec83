#include "scenarios/diagnostic.h"

#include "model/contract.h"
#include "scenarios/utf8.h"

#include <algorithm>
#include <cctype>

namespace kv {
namespace {

constexpr std::size_t line_shown_max = 110;  // Code points, so that the number in front still fits a terminal.
constexpr std::size_t word_max = 64;         // Longer words are not misspelt names.

struct Line {
    std::string_view text;
    std::size_t number = 1;
};

// A line without its end; "\r\n" ends a line as "\n" does.
Line line_at(std::string_view text, std::size_t offset) {
    const std::size_t previous_end = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
    const std::size_t begin = previous_end == std::string_view::npos ? 0 : previous_end + 1;
    std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return {line, 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, begin), '\n'))};
}

std::string_view code_points_of(std::string_view text, std::size_t first, std::size_t count) {
    std::size_t begin = 0;
    while (first > 0 && begin < text.size()) {
        begin += code_point_at(text, begin).bytes;
        --first;
    }
    std::size_t end = begin;
    while (count > 0 && end < text.size()) {
        end += code_point_at(text, end).bytes;
        --count;
    }
    return text.substr(begin, end - begin);
}

// The part of a long line around the place, "..." for what is left out. A third of the room stays in front of the place.
void show_line(Diagnostic& diagnostic, std::string_view line) {
    const std::size_t length = code_points(line);
    if (length <= line_shown_max) {
        diagnostic.line_text = line;
        diagnostic.line_text_column = diagnostic.where.column;
        return;
    }
    const std::size_t place = diagnostic.where.column - 1;
    const std::size_t first = std::min(place > line_shown_max / 3 ? place - line_shown_max / 3 : 0, length - line_shown_max);
    const std::string_view front = first > 0 ? "..." : "";
    const std::string_view back = first + line_shown_max < length ? "..." : "";
    diagnostic.line_text = std::string(front).append(code_points_of(line, first, line_shown_max)).append(back);
    diagnostic.line_text_column = place - first + front.size() + 1;
}

// Spaces up to the place, then a caret and one tilde for each further column of it.
std::string caret_line(const Diagnostic& diagnostic) {
    const std::size_t before = diagnostic.line_text_column - 1;
    const std::string_view front = code_points_of(diagnostic.line_text, 0, before);
    const std::string_view marked = code_points_of(diagnostic.line_text, before, diagnostic.where.length);
    const std::size_t width = std::max<std::size_t>(cells(marked), 1);
    return std::string(cells(front), ' ') + '^' + std::string(width - 1, '~');
}

char plain(char letter) { return letter == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }

// Edits that turn one word into the other; two neighbours that changed places are one edit, case and - against _ are none.
std::size_t edits(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before_last(right.size() + 1);
    std::vector<std::size_t> last(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        before_last.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const bool same = plain(left[i - 1]) == plain(right[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && plain(left[i - 1]) == plain(right[j - 2]) && plain(left[i - 2]) == plain(right[j - 1]);
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[right.size()];
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
    const SourceSpan& where = diagnostic.where;
    std::string out = printable(where.file) + ':' + std::to_string(where.line) + ':' + std::to_string(where.column) +
                      ": error: " + printable(diagnostic.message) + '\n';
    if (diagnostic.line_text.empty()) return out;
    std::string number = std::to_string(where.line);
    number.insert(0, 5 - std::min<std::size_t>(number.size(), 5), ' ');
    out += number + " | " + printable(diagnostic.line_text) + '\n';
    out += std::string(number.size(), ' ') + " | " + caret_line(diagnostic) + '\n';
    return out;
}

std::string to_text(const Diagnostics& diagnostics) {
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics) out += to_text(diagnostic);
    return out;
}

Diagnostic diagnostic_at(const std::string& file, std::string_view text, std::size_t offset, std::size_t length_bytes,
                         std::string message) {
    require(offset <= text.size(), "a place in the text, or its end");
    const Line line = line_at(text, offset);
    const std::size_t begin = static_cast<std::size_t>(line.text.data() - text.data());
    const std::size_t in_line = std::min(offset - begin, line.text.size());  // The end of a "\r\n" line is shown after its text.
    Diagnostic diagnostic{.where = {.file = file, .line = line.number, .column = 1 + code_points(line.text.substr(0, in_line))},
                          .message = std::move(message)};
    diagnostic.where.length = std::max<std::size_t>(1, code_points(line.text.substr(in_line, length_bytes)));
    show_line(diagnostic, line.text);
    return diagnostic;
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t best_edits = std::max<std::size_t>(1, std::min<std::size_t>(word.size() / 3, 3)) + 1;
    if (word.size() > word_max) return {};
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > 2 * word_max) continue;
        const std::size_t needed = edits(word, candidate);
        if (needed >= best_edits || needed >= candidate.size()) continue;
        best = candidate;
        best_edits = needed;
    }
    return std::string(best);
}

}  // namespace kv
