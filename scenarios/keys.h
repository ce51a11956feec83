// Every key of a scenario file, in one table: the reader checks files against it, and schema and help are made from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

enum class Form : std::uint8_t {
    text,      // A string.
    choice,    // One of `choices`, as a string.
    flag,      // true or false.
    count,     // An integer.
    tokens,    // "4096 tokens"
    bytes,     // "16 GiB"
    fraction,  // An integer, or "1/4".
    length,    // "131072 tokens" or "fit up to 131072 tokens"
    stride,    // "576 bytes" or "64 tokens"
    sizes,     // A bytes quantity, or a list of them.
    counts,    // A list of integers.
    texts,     // A list of strings.
    table,     // A section of its own, or a table in braces.
    tables,    // A list of those.
    pairs      // A table of strings under names that are free.
};

// Kinds of layers as bits, by their place in `kind_names`.
using KindSet = std::uint32_t;
inline constexpr KindSet every_kind = ~KindSet{0};

// In the order of the alternatives of KvSpec.
inline constexpr std::size_t kind_count = 13;
std::span<const std::string_view> kind_names();
std::string names_of(KindSet kinds);  // "sliding_window, rswa"

struct Key {
    std::string_view section;  // "" is the head of the file; "model.layer" the tables [[model.layer]].
    std::string_view name;
    Form form = Form::text;
    std::string_view fallback = {};  // What counts when the key is not there, as a file would say it; empty: see `meaning`.
    std::string_view meaning;
    std::int64_t least = 0;  // Of counts, tokens and bytes, and of each item of a list.
    std::int64_t most = 0;
    std::span<const std::string_view> choices = {};
    KindSet kinds = every_kind;  // Layers that may have it.
    KindSet required = 0;        // Layers that must; any bit: every table of another section must.
};

std::span<const Key> keys();
const Key* find_key(std::string_view section, std::string_view name);
std::vector<std::string_view> names_of_section(std::string_view section);

}  // namespace kv
