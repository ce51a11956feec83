#include "harness/refusal_conformity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace kv {

namespace {

bool is_digit(char c) { return '0' <= c && c <= '9'; }
bool is_word(char c) { return is_digit(c) || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == '_'; }
char at_or_space(std::string_view text, std::size_t offset) { return offset < text.size() ? text[offset] : ' '; }

// The word around the digits at `begin`, joined by dots and hyphens: "L0.attn", "39.9", "-5", "32" of "32." at a sentence's end.
struct Word {
    std::size_t begin, end;
};

Word word_around(std::string_view text, std::size_t begin) {
    Word word{begin, begin};
    while (word.begin > 0) {
        const char before = text[word.begin - 1];
        const bool joins = before == '.' || before == '-';
        if (!is_word(before) && !(joins && word.begin > 1 && is_word(text[word.begin - 2]))) break;
        --word.begin;
    }
    if (word.begin > 0 && text[word.begin - 1] == '-') --word.begin;  // A sign: nothing that it could join stands before it.
    while (word.end < text.size()) {
        const bool joins = text[word.end] == '.' || text[word.end] == '-';
        if (!is_word(text[word.end]) && !(joins && is_word(at_or_space(text, word.end + 1)))) break;
        ++word.end;
    }
    return word;
}

std::string figures_text(const std::set<std::int64_t>& figures) { return fmt::format("{{{}}}", fmt::join(figures, ", ")); }

void compare_check(const RecordedError& recorded, const Refusal& ours, Comparison& comparison) {
    if (!recorded.check || !ours.admission) {
        if (recorded.check || ours.admission) comparison.differ("check", refusal_text(recorded), refusal_text(ours));
        return;
    }
    Comparison::Scope scope(comparison, "check");
    comparison.value("worker", recorded.check->worker, ours.admission->worker);
    comparison.value("check_bytes", recorded.check->checked, ours.admission->checked);
    comparison.value("needed_bytes", recorded.check->needed, ours.admission->needed);
    comparison.value("estimated_max_len", recorded.check->estimated_len_max, ours.admission->estimated_len_max);
}

}  // namespace

std::set<std::int64_t> integers_alone(std::string_view message) {
    std::set<std::int64_t> integers;
    for (std::size_t i = 0; i < message.size();) {
        if (!is_digit(message[i])) {
            ++i;
            continue;
        }
        const Word word = word_around(message, i);
        std::int64_t integer = 0;
        const char* const end = message.data() + word.end;
        const auto [stopped, error] = std::from_chars(message.data() + word.begin, end, integer);
        if (error == std::errc() && stopped == end) integers.insert(integer);
        i = word.end;
    }
    return integers;
}

void compare_refusal(const RecordedError& recorded, const Refusal& ours, Comparison& comparison, std::vector<FieldDifference>& raised_in) {
    const std::size_t differences = comparison.differences().size();
    if (recorded.type != name_of(ours.type)) comparison.differ("type", refusal_text(recorded), refusal_text(ours));
    compare_check(recorded, ours, comparison);
    if (!recorded.check) {  // An admission's message rounds the figures of its check.
        const std::set<std::int64_t> figures = integers_alone(recorded.message);
        const std::set<std::int64_t> our_figures(ours.figures.begin(), ours.figures.end());
        if (figures != our_figures) comparison.differ("figures", figures_text(figures), figures_text(our_figures));
        if (recorded.message.find(ours.layer) == std::string::npos) comparison.differ("layer", recorded.message, ours.layer);
    }
    if (comparison.differences().size() > differences || recorded.raised_in == ours.raised_in) return;
    Comparison told;
    told.differ("raised_in", recorded.raised_in, std::string(ours.raised_in));
    raised_in.push_back(told.differences().front());
}

std::string refusal_text(const RecordedError& error) { return fmt::format("{} in {}: {}", error.type, error.raised_in, error.message); }

std::string refusal_text(const Refusal& refusal) {
    return fmt::format("{} in {}: {}", name_of(refusal.type), refusal.raised_in, refusal.message);
}

}  // namespace kv
