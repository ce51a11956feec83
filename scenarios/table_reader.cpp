#include "scenarios/table_reader.h"

#include "model/contract.h"
#include "scenarios/utf8.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::size_t name_shown_max = 60;

std::string ticked(std::string_view name) { return '`' + shortened(name, name_shown_max) + '`'; }

std::string listed(std::span<const std::string_view> names) {
    std::string out;
    for (const std::string_view name : names) out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
}

}  // namespace

TableReader::TableReader(SourceText& source, std::string_view section, const TomlTable& table, TextRange header,
                         std::optional<std::size_t> kind)
    : source_(&source), section_(section), table_(&table), header_(header), kind_(kind) {
    check_names();
    check_required();
}

const TomlValue* TableReader::value(std::string_view key) const {
    const TomlEntry* entry = table_->find(key);
    return entry != nullptr ? &entry->value : nullptr;
}

TextRange TableReader::where(std::string_view key) const {
    const TomlValue* there = value(key);
    return there != nullptr ? there->where : header_;
}

void TableReader::error(std::string_view key, const std::string& message) const { source_->error(where(key), ticked(key) + ' ' + message); }

const Key& TableReader::key_of(std::string_view name) const {
    const Key* key = find_key(section_, name);
    require(key != nullptr, "the table of keys has every key that is read");
    return *key;
}

std::string TableReader::call_it() const {
    if (section_.empty()) return "the head of the file";
    const bool inside = section_ == "scheduler.draft" || section_.ends_with(".states");
    if (inside) return '`' + std::string(section_.substr(section_.rfind('.') + 1)) + '`';
    const bool several = in_double_brackets(section_);
    return (several ? "[[" : "[") + std::string(section_) + (several ? "]]" : "]");
}

void TableReader::check_names() const {
    const Key* telling = telling_key(section_);
    for (const TomlEntry& entry : table_->entries) {
        const Key* key = find_key(section_, entry.key);
        if (key == nullptr) {
            const std::vector<std::string_view> names = names_of_section(section_);
            const std::string meant = source_->crowded() ? "" : nearest(entry.key, names);
            const std::string hint = meant.empty() ? "expected one of " + listed(names) : "did you mean `" + meant + "`?";
            source_->error(entry.key_where, "unknown key " + ticked(entry.key) + " in " + call_it() + ": " + hint);
        } else if (kind_ && telling != nullptr && (key->kinds >> *kind_ & 1) == 0) {
            source_->error(entry.key_where, ticked(entry.key) + " does not fit the " + std::string(telling->name) + " `" +
                                                std::string(telling->choices[*kind_]) + "`: it is a key of " +
                                                names_of(telling->choices, key->kinds));
        }
    }
}

void TableReader::check_required() const {
    const KindSet here = kind_ ? KindSet{1} << *kind_ : every_kind;
    const Key* telling = kind_ ? nullptr : telling_key(section_);
    for (const Key& key : keys_of_section(section_)) {
        if ((key.required & here) == 0 || has(key.name)) continue;
        if (telling != nullptr && key.name != telling->name) continue;  // What is missing depends on the kind.
        source_->error(header_, call_it() + " has no `" + std::string(key.name) + "`: expected " + std::string(key.meaning));
    }
}

const TomlTable* TableReader::table(std::string_view key) const {
    const TomlEntry* entry = table_->find(key);
    if (entry == nullptr) return nullptr;
    const auto* table = std::get_if<TomlTable>(&entry->value.value);
    if (table == nullptr)
        source_->error(entry->value.where, ticked(key) + " is " + std::string(described(entry->value)) + ": expected a table");
    return table;
}

std::vector<const TomlValue*> TableReader::tables(std::string_view key) const {
    const TomlEntry* entry = table_->find(key);
    if (entry == nullptr) return {};
    const auto* array = std::get_if<TomlArray>(&entry->value.value);
    if (array == nullptr) {
        const bool braced = section_ == "model.layer" || section_ == "model.group";  // Their states.
        const std::string name = section_.empty() ? std::string(key) : std::string(section_) + '.' + std::string(key);
        const std::string hint = braced ? "expected a list of tables" : "expected [[" + name + "]] with two brackets";
        source_->error(entry->value.where, ticked(key) + " is " + std::string(described(entry->value)) + ": " + hint);
        return {};
    }
    std::vector<const TomlValue*> out;
    for (const TomlValue& item : array->items) {
        if (std::holds_alternative<TomlTable>(item.value)) out.push_back(&item);
        else source_->error(item.where, "an item of " + ticked(key) + " is " + std::string(described(item)) + ": expected a table");
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> TableReader::pairs(std::string_view key) const {
    std::vector<std::pair<std::string, std::string>> out;
    const TomlTable* found = table(key);
    if (found == nullptr) return out;
    for (const TomlEntry& entry : found->entries) {
        if (const auto* text = std::get_if<std::string>(&entry.value.value)) out.emplace_back(entry.key, *text);
        else source_->error(entry.value.where, ticked(entry.key) + " is " + std::string(described(entry.value)) + ": expected a string");
    }
    return out;
}

}  // namespace kv
