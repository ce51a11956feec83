#include "scenarios/hub/config_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kv {

ConfigObject::ConfigObject(JsonValue place, bool there, std::span<const TypeDefault> defaults, JsonErrors& errors)
    : place_(place), there_(there), defaults_(defaults), errors_(&errors) {
    if (!there || place.size() <= config_keys_max) return;
    errors.note(place, fmt::format("expected at most {} keys, found {}", config_keys_max, place.size()));
    there_ = false;
}

const TypeDefault* ConfigObject::default_of(std::string_view key) const {
    const auto found = std::ranges::find(defaults_, key, &TypeDefault::key);
    return found == defaults_.end() ? nullptr : &*found;
}

std::optional<JsonValue> ConfigObject::find(std::string_view key) const {
    const auto value = there_ ? place_.member(key) : std::nullopt;
    return value && value->kind() != JsonKind::null ? value : std::nullopt;
}

bool ConfigObject::states_null(std::string_view key) const {
    const auto value = there_ ? place_.member(key) : std::nullopt;
    return value && value->kind() == JsonKind::null;
}

bool ConfigObject::has(std::string_view key) const {
    if (there_ && place_.member(key)) return find(key).has_value();
    const TypeDefault* otherwise = default_of(key);
    return otherwise != nullptr && !std::holds_alternative<std::monostate>(otherwise->value);
}

void ConfigObject::note(std::string_view key, std::string message) const {
    const auto value = there_ ? place_.member(key) : std::nullopt;
    if (value) errors_->note(*value, std::move(message));
    else errors_->note(place_, fmt::format("`{}`: {}", key, message));
}

void ConfigObject::missing(std::string_view key, std::string_view expected) const {
    if (there_ && place_.member(key)) return errors_->note_expected(*place_.member(key), expected);
    errors_->note(place_, fmt::format("`{}` is missing: expected {}", key, expected));
}

std::optional<std::int64_t> ConfigObject::integer_if(std::string_view key, IntegerRange range) const {
    if (const auto value = find(key)) {
        // Sizes are written as 1e6 or 128.0 by some exporters; they are taken where they are whole.
        if (value->kind() == JsonKind::number && std::abs(value->number()) < 9e15 && std::trunc(value->number()) == value->number()) {
            const auto whole = static_cast<std::int64_t>(value->number());
            if (range.least <= whole && whole <= range.most) return whole;
        }
        return read_integer(*value, range, *errors_);
    }
    if (there_ && place_.member(key)) return std::nullopt;
    const TypeDefault* otherwise = default_of(key);
    const auto* number = otherwise == nullptr ? nullptr : std::get_if<std::int64_t>(&otherwise->value);
    return number == nullptr ? std::nullopt : std::optional(*number);
}

std::optional<std::int64_t> ConfigObject::size_if(std::string_view key, std::int64_t most) const { return integer_if(key, {1, most}); }
std::optional<std::int64_t> ConfigObject::count_if(std::string_view key, std::int64_t most) const { return integer_if(key, {0, most}); }

std::optional<std::int64_t> ConfigObject::whole_if(std::string_view key) const {
    return integer_if(key, {-config_size_max, config_size_max});
}

std::int64_t ConfigObject::size(std::string_view key, std::int64_t most) const {
    if (const auto value = size_if(key, most)) return *value;
    missing(key, fmt::format("an integer from 1 to {}", most));
    return 1;
}

std::int64_t ConfigObject::count(std::string_view key, std::int64_t most) const {
    if (const auto value = count_if(key, most)) return *value;
    missing(key, fmt::format("an integer from 0 to {}", most));
    return 0;
}

std::optional<double> ConfigObject::number_if(std::string_view key) const {
    if (const auto value = find(key)) return read_number(*value, *errors_);
    if (there_ && place_.member(key)) return std::nullopt;
    const TypeDefault* otherwise = default_of(key);
    if (otherwise == nullptr) return std::nullopt;
    if (const auto* real = std::get_if<double>(&otherwise->value)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&otherwise->value)) return static_cast<double>(*whole);
    return std::nullopt;
}

std::optional<std::string> ConfigObject::word_if(std::string_view key) const {
    if (const auto value = find(key)) return read_string(*value, *errors_);
    if (there_ && place_.member(key)) return std::nullopt;
    const TypeDefault* otherwise = default_of(key);
    const auto* text = otherwise == nullptr ? nullptr : std::get_if<std::string_view>(&otherwise->value);
    return text == nullptr ? std::nullopt : std::optional(std::string(*text));
}

std::string ConfigObject::word(std::string_view key) const {
    if (auto value = word_if(key)) return *std::move(value);
    missing(key, "a string");
    return {};
}

bool ConfigObject::flag(std::string_view key, bool otherwise) const {
    if (const auto value = find(key)) return read_boolean(*value, *errors_);
    if (there_ && place_.member(key)) return otherwise;
    const TypeDefault* of_type = default_of(key);
    const auto* flag = of_type == nullptr ? nullptr : std::get_if<bool>(&of_type->value);
    return flag == nullptr ? otherwise : *flag;
}

std::vector<std::string> ConfigObject::words(std::string_view key, std::size_t most) const {
    std::vector<std::string> out;
    const auto value = find(key);
    if (!value) return out;
    for (const JsonValue element : read_array(*value, most, *errors_)) out.push_back(read_string(element, *errors_));
    return out;
}

std::vector<std::int64_t> ConfigObject::numbers(std::string_view key, IntegerRange range, std::size_t most) const {
    std::vector<std::int64_t> out;
    const auto value = find(key);
    if (!value) return out;
    for (const JsonValue element : read_array(*value, most, *errors_)) out.push_back(read_integer(element, range, *errors_));
    return out;
}

}  // namespace kv
