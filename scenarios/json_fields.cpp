#include "scenarios/json_fields.h"

#include "scenarios/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace kv {

namespace {

constexpr std::size_t errors_max = 20;  // Of one text.
constexpr std::size_t quoted_max = 40;  // Code points.

std::string described(JsonValue value) {
    switch (value.kind()) {
        case JsonKind::array:
            return value.size() == 1 ? "an array of 1 value" : fmt::format("an array of {} values", value.size());
        case JsonKind::object:
            return "an object";
        case JsonKind::string:
        case JsonKind::null:
        case JsonKind::boolean:
        case JsonKind::integer:
        case JsonKind::number:
            break;
    }
    return shortened(value.spelling(), quoted_max);
}

bool spelled_as_integer(JsonValue value) {
    return value.kind() == JsonKind::number && value.spelling().find_first_of(".eE") == std::string_view::npos;
}

std::int64_t stand_in(IntegerRange range) { return std::clamp<std::int64_t>(0, range.least, range.most); }

std::string integer_expected(JsonValue value, IntegerRange range) {
    if (spelled_as_integer(value)) {
        const bool negative = value.spelling().starts_with('-');
        return negative ? fmt::format("an integer from {}", std::max(range.least, std::numeric_limits<std::int64_t>::min()))
                        : fmt::format("an integer up to {}", range.most);
    }
    const bool any_least = range.least == std::numeric_limits<std::int64_t>::min();
    const bool any_most = range.most == std::numeric_limits<std::int64_t>::max();
    if (any_least && any_most) return "an integer";
    if (any_least) return fmt::format("an integer up to {}", range.most);
    if (any_most) return fmt::format("an integer from {}", range.least);
    return fmt::format("an integer from {} to {}", range.least, range.most);
}

}  // namespace

void JsonErrors::note(JsonValue where, std::string message) {
    if (full()) {
        ++untold_;
        return;
    }
    const std::string path = where.document().path_of(where);
    Diagnostic diagnostic = where.document().diagnostic(where, path.empty() ? std::move(message) : path + ": " + message);
    if (std::ranges::find(diagnostics_, diagnostic) != diagnostics_.end()) return;  // A value that is asked for twice is wrong once.
    diagnostics_.push_back(std::move(diagnostic));
}

void JsonErrors::note_expected(JsonValue where, std::string_view expected) {
    note(where, fmt::format("expected {}, found {}", expected, described(where)));
}

bool JsonErrors::full() const { return diagnostics_.size() >= errors_max; }

Diagnostics JsonErrors::take() {
    if (untold_ > 0) diagnostics_.back().message += fmt::format(" (and {} more errors in this text)", untold_);
    untold_ = 0;
    return std::exchange(diagnostics_, {});
}

std::int64_t read_integer(JsonValue value, IntegerRange range, JsonErrors& errors) {
    if (value.kind() == JsonKind::integer && range.least <= value.integer() && value.integer() <= range.most) return value.integer();
    errors.note_expected(value, integer_expected(value, range));
    return stand_in(range);
}

bool read_boolean(JsonValue value, JsonErrors& errors) {
    if (value.kind() == JsonKind::boolean) return value.boolean();
    errors.note_expected(value, "true or false");
    return false;
}

double read_number(JsonValue value, JsonErrors& errors) {
    const bool number = value.kind() == JsonKind::integer || value.kind() == JsonKind::number;
    if (number && std::isfinite(value.number())) return value.number();
    errors.note_expected(value, number ? "a finite number" : "a number");
    return 0.0;
}

std::string read_string(JsonValue value, JsonErrors& errors) {
    if (value.kind() == JsonKind::string) return std::string(value.string());
    errors.note_expected(value, "a string");
    return {};
}

std::vector<JsonValue> read_array(JsonValue value, std::size_t size_max, JsonErrors& errors) {
    if (value.kind() == JsonKind::array && value.size() <= size_max) return value.elements();
    errors.note_expected(value, fmt::format("an array of at most {} values", size_max));
    return {};
}

std::size_t read_choice(JsonValue value, std::span<const std::string_view> choices, JsonErrors& errors) {
    const std::string_view word = value.kind() == JsonKind::string ? value.string() : std::string_view();
    const auto found = std::ranges::find(choices, word);
    if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
    const std::string meant = nearest(word, {choices.begin(), choices.end()});
    const std::string hint = meant.empty() ? "" : fmt::format(": did you mean \"{}\"?", meant);
    errors.note(value, fmt::format("expected one of \"{}\", found {}{}", fmt::join(choices, "\", \""), described(value), hint));
    return 0;
}

JsonFields::JsonFields(JsonValue object, JsonErrors& errors)
    : object_(object), errors_(&errors), is_object_(object.kind() == JsonKind::object) {
    if (!is_object_) errors.note_expected(object, "an object");
}

std::optional<JsonValue> JsonFields::find(std::string_view key) {
    asked_.push_back(key);
    return object_.member(key);
}

std::optional<JsonValue> JsonFields::need(std::string_view key) {
    const std::optional<JsonValue> value = find(key);
    if (!value && is_object_) errors_->note(object_, fmt::format("expected the key `{}`, which is missing", key));
    return value;
}

std::int64_t JsonFields::integer(std::string_view key, IntegerRange range) {
    const std::optional<JsonValue> value = need(key);
    return value ? read_integer(*value, range, *errors_) : stand_in(range);
}

std::optional<std::int64_t> JsonFields::integer_or_null(std::string_view key, IntegerRange range) {
    const std::optional<JsonValue> value = need(key);
    if (!value || value->kind() == JsonKind::null) return std::nullopt;
    return read_integer(*value, range, *errors_);
}

bool JsonFields::boolean(std::string_view key) {
    const std::optional<JsonValue> value = need(key);
    return value && read_boolean(*value, *errors_);
}

std::string JsonFields::string(std::string_view key) {
    const std::optional<JsonValue> value = need(key);
    return value ? read_string(*value, *errors_) : std::string();
}

std::vector<JsonValue> JsonFields::array(std::string_view key, std::size_t size_max) {
    const std::optional<JsonValue> value = need(key);
    return value ? read_array(*value, size_max, *errors_) : std::vector<JsonValue>();
}

void JsonFields::finish() {
    if (!is_object_) return;
    for (const JsonMember& member : object_.members()) {
        if (std::ranges::find(asked_, member.key.string()) != asked_.end()) continue;
        const std::string meant = nearest(member.key.string(), asked_);
        errors_->note(member.key, fmt::format("unknown key{}", meant.empty() ? "" : fmt::format(": did you mean `{}`?", meant)));
        if (errors_->full()) return;
    }
}

}  // namespace kv
