#include "scenarios/toml_reader.h"

#include "scenarios/toml_scan.h"
#include "scenarios/utf8.h"

#include <algorithm>
#include <array>
#include <utility>

// An assertion of toml++ either stops the program on bad input (`[[[`) or, under NDEBUG, is assumed to hold, which it does not.
// Off, the lines behind it report the error.
#undef NDEBUG
#undef TOML_HEADER_ONLY  // A package may build it as a library, with assertions of its own.
#undef TOML_SHARED_LIB
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace kv {
namespace {

// Offsets of a text by the line and column (in code points) that the library gives.
class Positions {
public:
    explicit Positions(std::string_view text) : text_(text) {
        for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) line_begins_.push_back(at + 1);
    }

    std::size_t offset(toml::source_position position) {
        if (position.line == 0 || position.line > line_begins_.size()) return text_.size();
        const std::size_t begin = line_begins_[position.line - 1];
        enter_line(position.line);
        const std::size_t column = std::min<std::size_t>(position.column > 0 ? position.column - 1 : 0, columns_.size() - 1);
        return begin + columns_[column];
    }

    TextRange range(const toml::source_region& region) {
        const std::size_t begin = offset(region.begin);
        const std::size_t end = offset(region.end);
        return {begin, end > begin ? end - begin : 1};
    }

private:
    void enter_line(std::size_t line) {
        if (line == line_) return;
        line_ = line;
        columns_.clear();
        const std::size_t begin = line_begins_[line - 1];
        const std::size_t end = line < line_begins_.size() ? line_begins_[line] - 1 : text_.size();
        for (std::size_t at = begin; at < end; at += code_point_at(text_, at).bytes) columns_.push_back(at - begin);
        columns_.push_back(end - begin);
    }

    std::string_view text_;
    std::vector<std::size_t> line_begins_{0};
    std::size_t line_ = 0;                // The line that `columns_` are of.
    std::vector<std::size_t> columns_{};  // Its bytes by column, its end behind them.
};

TomlValue converted(const toml::node& node, Positions& positions);

TomlTable converted(const toml::table& table, Positions& positions) {
    TomlTable out;
    for (const auto& [key, node] : table)
        out.entries.push_back({std::string(key.str()), positions.range(key.source()), converted(node, positions)});
    std::ranges::sort(out.entries, {}, [](const TomlEntry& entry) { return entry.key_where.offset; });
    return out;
}

TomlValue converted(const toml::node& node, Positions& positions) {
    TomlValue out{positions.range(node.source()), TomlTime{}};
    if (const auto* table = node.as_table()) out.value = converted(*table, positions);
    else if (const auto* array = node.as_array()) {
        TomlArray items;
        for (const toml::node& item : *array) items.items.push_back(converted(item, positions));
        out.value = std::move(items);
    } else if (const auto* text = node.as_string()) out.value = text->get();
    else if (const auto* integer = node.as_integer()) out.value = integer->get();
    else if (const auto* real = node.as_floating_point()) out.value = real->get();
    else if (const auto* flag = node.as_boolean()) out.value = flag->get();
    return out;
}

struct Wording {
    std::string_view library, ours;
};

constexpr std::array wordings{
    Wording{"encountered end-of-file", "the file ends in the middle of this: expected the rest of it"},
    Wording{"not representable in 64 bits", "this number does not fit 64 bits"},
    Wording{"could not be interpreted as a value", "this number is too large or not a number"},
    Wording{"numeric value too long", "this number is too long"},
    Wording{"expected value-terminator", "expected a value: text and quantities stand in quotes, as in block = \"16 tokens\""},
    Wording{"expected '='", "expected `=` and a value after the key"},
    Wording{"expected ']'", "expected `]` here"},
    Wording{"blank bare keys", "expected a name between the brackets"},
    Wording{"expected bare key starting character", "expected a key: letters, digits, - and _"},
    Wording{"could not determine value type", "expected a value: text and quantities stand in quotes, as in block = \"16 tokens\""},
    Wording{"expected a comment or whitespace",
            "expected the end of the line: text and quantities stand in quotes, as in block = \"16 tokens\""},
    Wording{"expected 'true'", "expected a value: text and quantities stand in quotes, as in block = \"16 tokens\""},
    Wording{"expected 'false'", "expected a value: text and quantities stand in quotes, as in block = \"16 tokens\""},
};

// Where the word that ends in front of an error begins: the library points past a number that it refuses.
std::size_t word_begin(std::string_view text, std::size_t at) {
    while (at > 0 && std::string_view(" \t\n\r=,[]{}").find(text[at - 1]) == std::string_view::npos) --at;
    return at;
}

std::size_t line_content_begin(std::string_view text, std::size_t at) {
    const std::size_t end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    return std::min(text.find_first_not_of(" \t[", end == std::string_view::npos ? 0 : end + 1), text.size());
}

// The library's words, turned into what was expected.
void report(SourceText& source, const toml::parse_error& error, Positions& positions) {
    const std::string_view text = source.text();
    const std::string_view said = error.description();
    const std::size_t at = positions.offset(error.source().begin);
    if (said.find("cannot redefine") != std::string_view::npos) {
        const std::size_t begin = line_content_begin(text, at);
        const std::size_t end = std::min(text.find_first_of("]=\n", begin), text.size());
        const std::size_t length = text.substr(begin, end - begin).find_last_not_of(" \t\r") + 1;
        return source.error({begin, std::max<std::size_t>(length, 1)},
                            "`" + shortened(text.substr(begin, length), 60) + "` is given a second time");
    }
    const auto* known =
        std::ranges::find_if(wordings, [said](const Wording& wording) { return said.find(wording.library) != std::string_view::npos; });
    if (known == wordings.end()) return source.error({at, 1}, "not TOML: " + shortened(said, 160));
    const bool past_word = known->ours.starts_with("this number") || said.find("parsing boolean") != std::string_view::npos;
    const std::size_t begin = past_word ? word_begin(text, at) : at;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n,]}#", begin), text.size());
    source.error({begin, std::max<std::size_t>(end - begin, 1)}, std::string(known->ours));
}

}  // namespace

const TomlEntry* TomlTable::find(std::string_view key) const {
    const auto found = std::ranges::find(entries, key, &TomlEntry::key);
    return found == entries.end() ? nullptr : &*found;
}

std::optional<TomlTable> read_toml(SourceText& source) {
    scan_toml(source);
    if (source.failed()) return std::nullopt;
    Positions positions(source.text());
    const toml::parse_result parsed = toml::parse(source.text(), std::string_view{});
    if (!parsed) {
        report(source, parsed.error(), positions);
        return std::nullopt;
    }
    return converted(parsed.table(), positions);
}

std::string_view described(const TomlValue& value) {
    constexpr std::array<std::string_view, 7> names{"true or false", "an integer", "a number with a point", "a string",
                                                    "a list",        "a table",    "a date or time"};
    static_assert(names.size() == std::variant_size_v<decltype(TomlValue::value)>);
    return names[value.value.index()];
}

}  // namespace kv
