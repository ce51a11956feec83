#include "scenarios/toml_scan.h"

#include "scenarios/utf8.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace kv {
namespace {

class Scanner {
public:
    explicit Scanner(SourceText& source) : source_(source), text_(source.text()) {}

    void run() {
        while (at_ < text_.size() && !stopped_) {
            const char next = text_[at_];
            if (next == '#') skip_comment();
            else if (next == '"' || next == '\'') skip_string(next);
            else if (checked_character(Where::structure)) structure(next);
        }
    }

private:
    enum class Where : std::uint8_t { structure, comment, string };

    void skip_comment() {
        while (at_ < text_.size() && text_[at_] != '\n') checked_character(Where::comment);
    }

    // All strings of a scenario stand on one line; so an error in one can be pointed at.
    void skip_string(char quote) {
        const std::size_t begin = at_;
        if (text_.substr(at_, 3) == std::string(3, quote))
            return stop({at_, 3}, "a string stands on one line here: write it between single \" marks");
        ++at_;
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != quote) {
            const bool escape = quote == '"' && text_[at_] == '\\';
            checked_character(Where::string);
            if (escape && at_ < text_.size() && text_[at_] != '\n') checked_character(Where::string);
        }
        if (at_ >= text_.size() || text_[at_] == '\n')
            return stop({begin, at_ - begin}, std::string("the string is not closed: expected ") + quote + " before the line ends");
        ++at_;
    }

    // Steps over one character and says whether it may stand there.
    bool checked_character(Where where) {
        const CodePoint point = code_point_at(text_, at_);
        const TextRange range{at_, point.bytes};
        at_ += point.bytes;
        if (!point.valid) return refuse(range, "this byte is not UTF-8: save the file as UTF-8");
        const bool line_end = point.value == '\n' || (point.value == '\r' && at_ < text_.size() && text_[at_] == '\n');
        if ((point.value < 0x20 && point.value != '\t' && !line_end) || point.value == 0x7F)
            return refuse(range, "a control character, which must not stand here: remove it");
        if (where == Where::structure && point.value >= 0x80)
            return refuse(range, "expected ASCII outside strings and comments: write text in quotes");
        return true;
    }

    bool refuse(TextRange where, std::string message) {
        source_.error(where, std::move(message));
        if (++refused_ == 20) stopped_ = true;  // Not a text: no more of the same.
        return false;
    }

    void stop(TextRange where, std::string message) {
        source_.error(where, std::move(message));
        stopped_ = true;
    }

    void structure(char character) {
        const TextRange here{at_ - 1, 1};
        switch (character) {
            case '.':
                if (++dots_ == toml_key_parts_max)
                    stop(here, "a key of more than " + std::to_string(toml_key_parts_max) + " parts: no section here is that deep");
                break;
            case '[':
            case '{':
                dots_ = 0;
                if (++depth_ > toml_nesting_max)
                    stop(here, "nested deeper than " + std::to_string(toml_nesting_max) + ": expected fewer brackets");
                break;
            case ']':
            case '}':
                depth_ -= std::min<std::size_t>(depth_, 1);
                break;
            case '=':
            case ',':
                dots_ = 0;
                if (++values_ > toml_values_max) stop(here, "more than " + std::to_string(toml_values_max) + " values in one file");
                break;
            case '\n':
                dots_ = 0;
                break;
            default:
                break;
        }
    }

    SourceText& source_;
    std::string_view text_;
    std::size_t at_ = 0, depth_ = 0, dots_ = 0, values_ = 0, refused_ = 0;
    bool stopped_ = false;
};

}  // namespace

void scan_toml(SourceText& source) { Scanner(source).run(); }

}  // namespace kv
