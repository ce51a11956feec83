// An object of a model's config.json, read by key. What a key lacks the model type fills in; what is not as it must be is noted with its
// place, and reading goes on with a stand-in.
#pragma once

#include "scenarios/json_fields.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

// What a model type's own config class says where the file says nothing. Monostate: null.
struct TypeDefault {
    std::string_view key;
    std::variant<std::monostate, std::int64_t, bool, double, std::string_view> value;
    bool takes_null = true;
};

inline constexpr std::int64_t config_size_max = std::int64_t{1} << 30;  // Of one dimension.
inline constexpr std::int64_t config_layers_max = 4096;
inline constexpr std::int64_t config_length_max = std::int64_t{1} << 40;
inline constexpr std::size_t config_keys_max = 1024;  // Of one object. Each layer looks for its own again.

class ConfigObject {
public:
    // `object` is an object. An absent one (a nested config that the file leaves out) has only its defaults; `place` is then where it
    // is missing.
    ConfigObject(JsonValue place, bool there, std::span<const TypeDefault> defaults, JsonErrors& errors);

    // Null and absent are the same, unless the type's default is asked instead of what is absent.
    bool has(std::string_view key) const;
    bool states_null(std::string_view key) const;  // In so many words.

    // Needed: noted where it is missing or out of range.
    std::int64_t size(std::string_view key, std::int64_t most = config_size_max) const;   // From 1.
    std::int64_t count(std::string_view key, std::int64_t most = config_size_max) const;  // From 0.
    std::vector<std::string> words(std::string_view key, std::size_t most) const;
    std::vector<std::int64_t> numbers(std::string_view key, IntegerRange range, std::size_t most) const;
    std::string word(std::string_view key) const;

    std::optional<std::int64_t> size_if(std::string_view key, std::int64_t most = config_size_max) const;
    std::optional<std::int64_t> count_if(std::string_view key, std::int64_t most = config_size_max) const;
    std::optional<std::int64_t> whole_if(std::string_view key) const;  // Of either sign.
    std::optional<double> number_if(std::string_view key) const;
    std::optional<std::string> word_if(std::string_view key) const;
    bool flag(std::string_view key, bool otherwise) const;

    std::optional<JsonValue> find(std::string_view key) const;   // As the file has it; empty for null.
    void note(std::string_view key, std::string message) const;  // At the key's value, or at the object.
    void missing(std::string_view key, std::string_view expected) const;
    JsonErrors& errors() const { return *errors_; }
    JsonValue place() const { return place_; }
    bool there() const { return there_; }
    bool states(std::string_view key) const { return there_ && place_.member(key).has_value(); }  // Null too.

private:
    const TypeDefault* default_of(std::string_view key) const;
    std::optional<std::int64_t> integer_if(std::string_view key, IntegerRange range) const;

    JsonValue place_;
    bool there_;
    std::span<const TypeDefault> defaults_;
    JsonErrors* errors_;
};

}  // namespace kv
