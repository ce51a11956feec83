// One table of a scenario file, read by the table of keys: what is unknown, does not fit or is missing goes to the source as an error,
// and what is wrong leaves the value it was to be read into as it was.
#pragma once

#include "model/spec.h"
#include "model/units.h"
#include "scenarios/keys.h"
#include "scenarios/source_text.h"
#include "scenarios/toml_reader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kv {

struct TokenSpan {  // "16 to 64 tokens"; "40 tokens" is both of its ends.
    Tokens least, most;
    friend bool operator==(const TokenSpan&, const TokenSpan&) = default;
};

struct Share {  // "3/4"
    std::int64_t part = 0;
    std::int64_t of = 1;
    friend bool operator==(const Share&, const Share&) = default;
};

struct Length {  // "131072 tokens", or "fit up to 131072 tokens".
    Tokens tokens;
    bool fitted = false;
};

class TableReader {
public:
    // `kind` is the place of a table's kind in the choices of telling_key(section); tables that are all alike have none.
    TableReader(SourceText& source, std::string_view section, const TomlTable& table, TextRange header,
                std::optional<std::size_t> kind = std::nullopt);

    bool has(std::string_view key) const { return table_->find(key) != nullptr; }
    const TomlValue* value(std::string_view key) const;  // Null when it is not there.
    TextRange where(std::string_view key) const;         // Of its value; of the table when it is not there.
    TextRange header() const { return header_; }
    SourceText& source() const { return *source_; }
    void error(std::string_view key, const std::string& message) const;  // "`key` " and the message.

    // True when the key is there and right; `into` is set then.
    template <class T>
    bool take(std::string_view key, T& into) const {
        const TomlEntry* entry = table_->find(key);
        return entry != nullptr && read(key_of(key), entry->value, into);
    }
    template <class T>
    bool take(std::string_view key, std::optional<T>& into) const {
        T value = T();
        if (!take(key, value)) return false;
        into = std::move(value);
        return true;
    }
    template <class E>
        requires std::is_enum_v<E>  // A choice by its place in the key's list, or a flag for an enum of two.
    bool take(std::string_view key, E& into) const {
        std::size_t place = 0;
        if (!take(key, place)) return false;
        into = static_cast<E>(place);
        return true;
    }
    template <class Top, class Bottom>
    bool take(std::string_view key, Rate<Top, Bottom>& into) const {
        Count<Top> count;
        if (!take(key, count)) return false;
        into = Rate<Top, Bottom>(count.value);
        return true;
    }

    // The table under `key`, to be read by a reader of its own; null when it is not there or no table.
    const TomlTable* table(std::string_view key) const;
    std::vector<const TomlValue*> tables(std::string_view key) const;  // Each holds a TomlTable.
    std::vector<std::pair<std::string, std::string>> pairs(std::string_view key) const;

private:
    const Key& key_of(std::string_view name) const;
    void check_names() const;
    void check_required() const;
    std::string call_it() const;  // "[cache]", "[[model.layer]]"

    bool read(const Key& key, const TomlValue& value, bool& into) const;
    bool read(const Key& key, const TomlValue& value, std::size_t& into) const;
    bool read(const Key& key, const TomlValue& value, std::int64_t& into) const;
    bool read(const Key& key, const TomlValue& value, std::string& into) const;
    bool read(const Key& key, const TomlValue& value, Tokens& into) const;
    bool read(const Key& key, const TomlValue& value, Blocks& into) const;
    bool read(const Key& key, const TomlValue& value, Bytes& into) const;
    bool read(const Key& key, const TomlValue& value, Fraction& into) const;
    bool read(const Key& key, const TomlValue& value, Length& into) const;
    bool read(const Key& key, const TomlValue& value, TokenSpan& into) const;
    bool read(const Key& key, const TomlValue& value, Share& into) const;
    bool read(const Key& key, const TomlValue& value, StrideAlignment& into) const;
    bool read(const Key& key, const TomlValue& value, std::vector<Bytes>& into) const;
    bool read(const Key& key, const TomlValue& value, std::vector<std::int64_t>& into) const;
    bool read(const Key& key, const TomlValue& value, std::vector<std::string>& into) const;

    SourceText* source_;
    std::string_view section_;
    const TomlTable* table_;
    TextRange header_;
    std::optional<std::size_t> kind_;
};

}  // namespace kv
