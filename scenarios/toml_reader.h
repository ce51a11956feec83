// A TOML text as plain values in the order of the file, each of which knows where it stood. The only place that knows toml++.
#pragma once

#include "scenarios/source_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

struct TomlValue;
struct TomlEntry;

struct TomlArray {
    std::vector<TomlValue> items;
};

struct TomlTable {
    std::vector<TomlEntry> entries;  // Keys differ from each other.
    const TomlEntry* find(std::string_view key) const;
};

struct TomlTime {};  // Dates and times: nothing here takes one.

struct TomlValue {
    TextRange where;  // A table's: of its header, or of the braces.
    std::variant<bool, std::int64_t, double, std::string, TomlArray, TomlTable, TomlTime> value;
};

struct TomlEntry {
    std::string key;
    TextRange key_where;
    TomlValue value;
};

// Empty when the text is not TOML; the source then says what was expected.
std::optional<TomlTable> read_toml(SourceText& source);

// What a value is, for messages: "a string", "an integer", ...
std::string_view described(const TomlValue& value);

}  // namespace kv
