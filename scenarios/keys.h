// Every key of a scenario file, in one table: the reader checks files against it, and the schema is made from it.
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
    span,      // "40 tokens" or "16 to 64 tokens"
    share,     // "3/4", from "0/1" to "1/1"
    stride,    // "576 bytes" or "64 tokens"
    sizes,     // A bytes quantity, or a list of them.
    counts,    // A list of integers.
    texts,     // A list of strings.
    table,     // A section of its own, or a table in braces.
    tables,    // A list of those.
    pairs      // A table of strings under names that are free.
};

// Kinds of tables as bits, by the place of their name in the choices of the key that tells them apart: of layers in `kind_names`.
using KindSet = std::uint32_t;
inline constexpr KindSet every_kind = ~KindSet{0};

// In the order of the alternatives of KvSpec.
inline constexpr std::size_t kind_count = 13;
std::span<const std::string_view> kind_names();
std::string names_of(std::span<const std::string_view> names, KindSet set);  // "sliding_window, rswa"

struct Key {
    std::string_view section;  // "" is the head of the file; "model.layer" the tables [[model.layer]].
    std::string_view name;
    Form form = Form::text;
    std::string_view fallback = {};  // What counts when the key is not there, as a file would say it; empty: see `meaning`.
    std::string_view meaning;
    std::int64_t least = 0;  // Of counts, tokens and bytes, and of each item of a list.
    std::int64_t most = 0;
    std::span<const std::string_view> choices = {};
    KindSet kinds = every_kind;  // Layers, or expectations of properties, that may have it.
    KindSet required = 0;        // Those that must; any bit: every table of another section must.
};

std::span<const Key> keys();  // Those of a section stand together.
std::span<const Key> keys_of_section(std::string_view section);
const Key* find_key(std::string_view section, std::string_view name);
const Key* telling_key(std::string_view section);   // That tells kinds of its tables apart: `kind`, `property`; null: all are alike.
bool in_double_brackets(std::string_view section);  // [[model.layer]], not [model].
std::vector<std::string_view> names_of_section(std::string_view section);

}  // namespace kv
