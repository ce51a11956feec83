// Values out of a JSON document, checked: what is not as expected is noted with its place, and reading goes on with a stand-in, so that
// one pass tells every error. Whoever reads asks `errors.none()` before using what came out.
#pragma once

#include "scenarios/json.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

class JsonErrors {
public:
    void note(JsonValue where, std::string message);                 // "specs[3].block_size: message"
    void note_expected(JsonValue where, std::string_view expected);  // "...: expected an integer, found null"
    bool none() const { return diagnostics_.empty(); }
    bool full() const;  // Further errors are only counted.
    Diagnostics take();

private:
    Diagnostics diagnostics_;
    std::size_t untold_ = 0;
};

struct IntegerRange {
    std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

// The stand-ins are the nearest end of the range to zero, false, 0.0, "" and nothing.
std::int64_t read_integer(JsonValue value, IntegerRange range, JsonErrors& errors);
bool read_boolean(JsonValue value, JsonErrors& errors);
double read_number(JsonValue value, JsonErrors& errors);
std::string read_string(JsonValue value, JsonErrors& errors);
std::vector<JsonValue> read_array(JsonValue value, std::size_t size_max, JsonErrors& errors);
std::size_t read_choice(JsonValue value, std::span<const std::string_view> choices, JsonErrors& errors);  // The place in `choices`, else 0.

// The fields of an object, each asked for by name. `finish` notes the keys that nobody asked for.
class JsonFields {
public:
    JsonFields(JsonValue object, JsonErrors& errors);

    std::optional<JsonValue> find(std::string_view key);  // Empty: not there.
    std::optional<JsonValue> need(std::string_view key);  // Empty: not there, which is noted.

    // Needed, and read; the stand-in where it is missing.
    std::int64_t integer(std::string_view key, IntegerRange range = {});
    std::optional<std::int64_t> integer_or_null(std::string_view key, IntegerRange range = {});
    bool boolean(std::string_view key);
    std::string string(std::string_view key);
    std::vector<JsonValue> array(std::string_view key, std::size_t size_max);

    void finish();

    JsonValue object() const { return object_; }
    JsonErrors& errors() { return *errors_; }

private:
    JsonValue object_;
    JsonErrors* errors_;
    bool is_object_;
    std::vector<std::string_view> asked_;
};

}  // namespace kv
