#include "scenarios/quantity.h"

#include "scenarios/diagnostic.h"
#include "scenarios/utf8.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <vector>

namespace kv {
namespace {

__extension__ using Wide = unsigned __int128;

struct NamedUnit {
    std::string_view name;
    std::int64_t bytes;
};

constexpr std::int64_t kibi = 1024;
constexpr std::int64_t kilo = 1000;
constexpr std::array<NamedUnit, 11> byte_units{{{"TiB", kibi* kibi* kibi* kibi},
                                                {"GiB", kibi* kibi* kibi},
                                                {"MiB", kibi* kibi},
                                                {"KiB", kibi},
                                                {"TB", kilo* kilo* kilo* kilo},
                                                {"GB", kilo* kilo* kilo},
                                                {"MB", kilo* kilo},
                                                {"KB", kilo},
                                                {"B", 1},
                                                {"bytes", 1},
                                                {"byte", 1}}};

constexpr std::size_t digits_max = 18;  // Each of whole and fraction, so that both fit 64 bits.

struct Number {
    std::int64_t whole = 0;
    std::int64_t fraction = 0;  // In `scale` parts.
    std::int64_t scale = 1;
    bool has_point = false;
};

struct Spelling {
    std::string_view number, unit;
};

// "3.18 GiB" in its two parts; blanks between them are free.
Spelling parts_of(std::string_view text) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::size_t unit = std::min(text.find_first_not_of(' ', end), text.size());
    return {text.substr(0, end), text.substr(unit)};
}

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

std::int64_t value_of(std::string_view digits) {
    std::int64_t value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return value;
}

std::string quoted(std::string_view text) { return '"' + shortened(text, 40) + '"'; }

std::variant<Number, QuantityError> number_of(std::string_view text, std::string_view example) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
    if (!all_digits(whole) || (point != std::string_view::npos && !all_digits(fraction)))
        return QuantityError{"does not start with a number: write it like \"" + std::string(example) + '"'};
    if (whole.size() > digits_max || fraction.size() > digits_max)
        return QuantityError{"has more than " + std::to_string(digits_max) + " digits"};
    Number number{.whole = value_of(whole), .fraction = value_of(fraction), .scale = 1, .has_point = point != std::string_view::npos};
    for (std::size_t i = 0; i < fraction.size(); ++i) number.scale *= 10;
    return number;
}

// Blanks around it, a sign or thousands marks: what people write that is not a number here.
std::optional<QuantityError> habit_of(std::string_view text) {
    if (text.starts_with('-')) return QuantityError{"is negative: expected a size"};
    if (text != text.substr(0, text.find_last_not_of(" \t") + 1) || text.starts_with(' '))
        return QuantityError{"has blanks around it: remove them"};
    const std::size_t end = text.find_first_not_of("0123456789.");
    const bool grouped =
        end != std::string_view::npos && end > 0 && end + 1 < text.size() && (text[end] == ',' || text[end] == '_' || text[end] == '\'');
    if (grouped)
        return QuantityError{"has a `" + std::string(1, text[end]) + "` in its number: write the digits together, as in \"131072 tokens\""};
    return std::nullopt;
}

}  // namespace

std::variant<Bytes, QuantityError> bytes_spelled(std::string_view text) {
    if (const auto habit = habit_of(text)) return *habit;
    const Spelling spelling = parts_of(text);
    const auto number = number_of(spelling.number, "16 GiB");
    if (const auto* error = std::get_if<QuantityError>(&number)) return *error;
    if (spelling.unit.empty())
        return QuantityError{"needs a unit: write \"" + std::string(spelling.number) + " GiB\" or \"" + std::string(spelling.number) +
                             " B\""};
    const auto* unit = std::ranges::find(byte_units, spelling.unit, &NamedUnit::name);
    if (unit == byte_units.end()) {
        std::vector<std::string_view> names;
        for (const NamedUnit& known : byte_units) names.push_back(known.name);
        const std::string meant = nearest(spelling.unit, names);
        const std::string hint = meant.empty() ? "expected B, KiB, MiB, GiB, TiB, KB, MB, GB or TB"
                                               : "write \"" + std::string(spelling.number) + ' ' + meant + '"';
        return QuantityError{"has the unit " + quoted(spelling.unit) + ": " + hint};
    }
    const auto& [whole, fraction, scale, has_point] = std::get<Number>(number);
    const Wide bytes = static_cast<Wide>(whole) * static_cast<Wide>(unit->bytes) +
                       static_cast<Wide>(fraction) * static_cast<Wide>(unit->bytes) / static_cast<Wide>(scale);
    if (bytes > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) return QuantityError{"does not fit 64 bits: " + quoted(text)};
    if (has_point && unit->bytes == 1 && fraction != 0) return QuantityError{"is a part of a byte: write a whole number"};
    return Bytes{static_cast<std::int64_t>(bytes)};
}

std::variant<Tokens, QuantityError> tokens_spelled(std::string_view text) {
    if (const auto habit = habit_of(text)) return *habit;
    const Spelling spelling = parts_of(text);
    const auto number = number_of(spelling.number, "4096 tokens");
    if (const auto* error = std::get_if<QuantityError>(&number)) return *error;
    const std::string corrected = '"' + std::string(spelling.number) + " tokens\"";
    if (spelling.unit.empty()) return QuantityError{"needs a unit: write " + corrected};
    if (spelling.unit != "tokens" && spelling.unit != "token")
        return QuantityError{"is counted in tokens, not in " + quoted(spelling.unit) + ": write " + corrected};
    if (std::get<Number>(number).has_point) return QuantityError{"is a part of a token: write a whole number"};
    return Tokens{std::get<Number>(number).whole};
}

std::string bytes_pattern() {
    std::string units;
    for (const NamedUnit& unit : byte_units) units += (units.empty() ? "" : "|") + std::string(unit.name);
    const std::string digits = "[0-9]{1," + std::to_string(digits_max) + "}";
    return digits + "(\\." + digits + ")? *(" + units + ")";
}

std::string tokens_pattern() { return "[0-9]{1," + std::to_string(digits_max) + "} *tokens?"; }

std::string spelled(Bytes bytes) {
    for (const NamedUnit& unit : byte_units) {
        if (unit.bytes % kibi != 0) continue;
        if (bytes.value >= unit.bytes && bytes.value % unit.bytes == 0)
            return std::to_string(bytes.value / unit.bytes) + ' ' + std::string(unit.name);
    }
    return std::to_string(bytes.value) + " B";
}

std::string spelled(Tokens tokens) { return std::to_string(tokens.value) + (tokens.value == 1 ? " token" : " tokens"); }

}  // namespace kv
