// Mistakes that people make in scenario files, made on purpose: each key of a file misspelt, left out, given another type, another unit, a
// number out of range. Where a mistake must be pointed at comes with it.
#pragma once

#include "scenarios/keys.h"
#include "scenarios/toml_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kv::testing {

enum class Mistake : std::uint8_t { misspelt, left_out, other_type, other_unit, out_of_range };

struct Mutation {
    Mistake mistake = Mistake::misspelt;
    std::string key;          // "machine.blocks"
    std::string text;         // The whole file.
    std::size_t offset = 0;   // Where in it the mistake is.
    bool same_column = true;  // Else only its line.
    bool shape = true;        // A schema sees it too.
};

// Files that are shipped, and those of tests that have all there is.
inline std::vector<std::string> scenario_files() {
    std::vector<std::string> files;
    for (const std::string folder : {"/scenarios", "/tests/scenarios/files", "/tests/fuzz/corpus/model_file_fuzz"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(KV_SOURCE_DIR + folder))
            if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
    std::ranges::sort(files);
    return files;
}

class Mutations {
public:
    static std::vector<Mutation> of(const std::string& text) {
        Mutations all(text);
        SourceText source("case.toml", text);
        const auto root = read_toml(source);
        if (root) all.table("", *root, 0);
        return std::move(all.made_);
    }

private:
    explicit Mutations(const std::string& text) : text_(text) {}

    void replace(Mistake mistake, const Key& key, TextRange where, const std::string& with, bool same_column, bool shape) {
        std::string changed = text_;
        changed.replace(where.offset, where.length, with);
        made_.push_back(
            {mistake, std::string(key.section) + '.' + std::string(key.name), std::move(changed), where.offset, same_column, shape});
    }

    // Of a leaf's value: what no number of this form may be.
    void too_much(const Key& key, TextRange where) {
        const std::string number = std::to_string(key.most + 1);
        const auto wrong = [&](const std::string& value, bool same_column, bool shape) {
            replace(Mistake::out_of_range, key, where, value, same_column, shape);
        };
        if (key.form == Form::count || key.form == Form::fraction) wrong(number, true, true);
        if (key.form == Form::counts) wrong('[' + number + ']', false, true);
        if (key.form == Form::tokens || key.form == Form::length || key.form == Form::span || key.form == Form::stride)
            wrong('"' + number + " tokens\"", true, false);
        if (key.form == Form::bytes || key.form == Form::sizes) wrong('"' + number + " B\"", true, false);
        if (key.form == Form::share) wrong("\"2/1\"", true, false);
        if (key.form == Form::choice) wrong("\"no such thing\"", true, true);
    }

    void leaf(const Key& key, const TomlEntry& entry, std::optional<std::size_t> kind, std::size_t header) {
        const TextRange name = entry.key_where;
        const TextRange value = entry.value.where;
        replace(Mistake::misspelt, key, name, entry.key + 'x', true, true);
        const KindSet here = kind ? KindSet{1} << *kind : every_kind;
        const std::size_t line_end = text_.find('\n', value.offset + value.length);
        const bool alone = text_.find_last_not_of(" \t", name.offset - 1) == text_.rfind('\n', name.offset) || name.offset == 0;
        if ((key.required & here) != 0 && alone && line_end != std::string::npos) {
            std::string changed = text_;
            changed.erase(name.offset, line_end + 1 - name.offset);
            const bool first_line = key.section.empty();
            made_.push_back(
                {Mistake::left_out, std::string(key.section) + '.' + std::string(key.name), changed, first_line ? 0 : header, true, true});
        }
        replace(Mistake::other_type, key, value, "1979-05-27", true, true);
        const bool quantity = key.form == Form::tokens || key.form == Form::bytes || key.form == Form::length || key.form == Form::span ||
                              key.form == Form::stride || key.form == Form::sizes || key.form == Form::share;
        if (quantity) replace(Mistake::other_unit, key, value, "\"7 parsecs\"", true, true);
        too_much(key, value);
    }

    void table(std::string_view section, const TomlTable& table_here, std::size_t header) {
        const Key* telling = telling_key(section);
        std::optional<std::size_t> kind;
        if (const TomlEntry* entry = telling != nullptr ? table_here.find(telling->name) : nullptr) {
            const auto& name = std::get<std::string>(entry->value.value);
            kind = static_cast<std::size_t>(std::ranges::find(telling->choices, name) - telling->choices.begin());
        }
        for (const TomlEntry& entry : table_here.entries) {
            const Key& key = *find_key(section, entry.key);
            const std::string inner = section.empty() ? entry.key : std::string(section) + '.' + entry.key;
            if (const auto* under = std::get_if<TomlTable>(&entry.value.value); under != nullptr && key.form == Form::table)
                table(key_section(inner), *under, entry.value.where.offset);
            else if (key.form == Form::tables)
                for (const TomlValue& item : std::get<TomlArray>(entry.value.value).items)
                    table(key_section(inner), std::get<TomlTable>(item.value), item.where.offset);
            else if (key.form != Form::pairs) leaf(key, entry, kind, header);
        }
    }

    static std::string_view key_section(const std::string& name) { return keys_of_section(name).front().section; }

    const std::string& text_;
    std::vector<Mutation> made_ = {};
};

}  // namespace kv::testing
