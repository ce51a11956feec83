// How a value of each form is read; the other half of scenarios/table_reader.h.
#include "scenarios/quantity.h"
#include "scenarios/table_reader.h"
#include "scenarios/utf8.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::string_view fit_prefix = "fit up to ";
constexpr std::string_view span_word = " to ";

std::string named(const Key& key) { return '`' + std::string(key.name) + "` "; }

bool fail(SourceText& source, const Key& key, const TomlValue& value, const std::string& message) {
    source.error(value.where, named(key) + message);
    return false;
}

bool wrong_form(SourceText& source, const Key& key, const TomlValue& value, std::string_view expected) {
    return fail(source, key, value, "is " + std::string(described(value)) + ": expected " + std::string(expected));
}

std::string with_unit(std::int64_t number, Form form) {
    return std::to_string(number) + (form == Form::bytes || form == Form::sizes ? " B" : form == Form::tokens ? " tokens" : "");
}

bool in_range(SourceText& source, const Key& key, const TomlValue& value, std::int64_t number, Form form) {
    if (key.least <= number && number <= key.most) return true;
    return fail(source, key, value,
                "is " + with_unit(number, form) + ": expected " + with_unit(key.least, form) + " to " + with_unit(key.most, form));
}

// What a bare number wants to be: bytes when it is too large for a count of GiB.
std::string bare_bytes(std::int64_t number) {
    constexpr std::int64_t plausible_gib_max = 1 << 16;
    return std::to_string(number) + (number > plausible_gib_max ? " B" : " GiB");
}

bool read_bytes(SourceText& source, const Key& key, const TomlValue& value, Bytes& into) {
    if (const auto* bare = std::get_if<std::int64_t>(&value.value))
        return fail(source, key, value, "needs a unit: write \"" + bare_bytes(*bare) + '"');
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_form(source, key, value, "a size such as \"40 GiB\"");
    const auto bytes = bytes_spelled(*text);
    if (const auto* error = std::get_if<QuantityError>(&bytes)) return fail(source, key, value, error->message);
    if (!in_range(source, key, value, std::get<Bytes>(bytes).value, Form::bytes)) return false;
    into = std::get<Bytes>(bytes);
    return true;
}

bool read_tokens(SourceText& source, const Key& key, const TomlValue& value, std::string_view text, Tokens& into) {
    const auto tokens = tokens_spelled(text);
    if (const auto* error = std::get_if<QuantityError>(&tokens)) return fail(source, key, value, error->message);
    if (!in_range(source, key, value, std::get<Tokens>(tokens).value, Form::tokens)) return false;
    into = std::get<Tokens>(tokens);
    return true;
}

// The items of a list, each handed on with the key's name; false when one of them is wrong.
template <class Item, class ReadItem>
bool read_items(SourceText& source, const Key& key, const TomlValue& value, std::string_view expected, std::vector<Item>& into,
                const ReadItem& read_item) {
    const auto* array = std::get_if<TomlArray>(&value.value);
    if (array == nullptr) return wrong_form(source, key, value, expected);
    std::vector<Item> items;
    bool right = true;
    for (const TomlValue& item : array->items) {
        Item read{};
        right = read_item(item, read) && right;
        items.push_back(std::move(read));
    }
    if (right) into = std::move(items);
    return right;
}

}  // namespace

bool TableReader::read(const Key& key, const TomlValue& value, bool& into) const {
    const auto* flag = std::get_if<bool>(&value.value);
    if (flag == nullptr) return wrong_form(*source_, key, value, "true or false, without quotes");
    into = *flag;
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, std::size_t& into) const {
    if (key.form == Form::flag) {
        bool flag = false;
        if (!read(key, value, flag)) return false;
        into = flag ? 1 : 0;
        return true;
    }
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_form(*source_, key, value, "a name in quotes");
    const auto found = std::ranges::find(key.choices, *text);
    if (found == key.choices.end()) {
        const std::string meant = nearest(*text, {key.choices.begin(), key.choices.end()});
        std::string names;
        for (const std::string_view name : key.choices) names += (names.empty() ? "" : ", ") + std::string(name);
        return fail(
            *source_, key, value,
            "is \"" + shortened(*text, 40) + "\": " + (meant.empty() ? "expected one of " + names : "did you mean \"" + meant + "\"?"));
    }
    into = static_cast<std::size_t>(found - key.choices.begin());
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, std::int64_t& into) const {
    const auto* number = std::get_if<std::int64_t>(&value.value);
    if (number == nullptr) return wrong_form(*source_, key, value, "an integer, without quotes");
    if (!in_range(*source_, key, value, *number, Form::count)) return false;
    into = *number;
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, std::string& into) const {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_form(*source_, key, value, "a string");
    into = *text;
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, Tokens& into) const {
    if (const auto* bare = std::get_if<std::int64_t>(&value.value))
        return fail(*source_, key, value, "needs a unit: write \"" + std::to_string(*bare) + " tokens\"");
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_form(*source_, key, value, "a length such as \"4096 tokens\"");
    return read_tokens(*source_, key, value, *text, into);
}

bool TableReader::read(const Key& key, const TomlValue& value, Blocks& into) const {
    std::int64_t count = 0;
    if (!read(key, value, count)) return false;
    into = Blocks{count};
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, Bytes& into) const { return read_bytes(*source_, key, value, into); }

bool TableReader::read(const Key& key, const TomlValue& value, Fraction& into) const {
    if (std::holds_alternative<std::int64_t>(value.value)) {
        std::int64_t whole = 0;
        if (!read(key, value, whole)) return false;
        if (whole == 0) return fail(*source_, key, value, "is 0: expected a positive integer, or \"1/4\"");
        into = {whole, 1};
        return true;
    }
    const auto* text = std::get_if<std::string>(&value.value);
    const std::string_view one_of = "1/";
    constexpr std::size_t digits_max = 6;
    const std::string_view bottom =
        text != nullptr && text->starts_with(one_of) ? std::string_view(*text).substr(one_of.size()) : std::string_view{};
    if (bottom.empty() || bottom.size() > digits_max || bottom.find_first_not_of("0123456789") != std::string_view::npos ||
        bottom.front() == '0')
        return wrong_form(*source_, key, value, "an integer such as 4, or a fraction such as \"1/4\"");
    into = {1, std::stoll(std::string(bottom))};
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, Length& into) const {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text != nullptr && text->starts_with("fit")) {
        if (!text->starts_with(fit_prefix)) return fail(*source_, key, value, "needs an upper limit: write \"fit up to 131072 tokens\"");
        if (!read_tokens(*source_, key, value, std::string_view(*text).substr(fit_prefix.size()), into.tokens)) return false;
        into.fitted = true;
        return true;
    }
    return read(key, value, into.tokens);
}

bool TableReader::read(const Key& key, const TomlValue& value, TokenSpan& into) const {
    const auto* text = std::get_if<std::string>(&value.value);
    const std::size_t middle = text != nullptr ? text->find(span_word) : std::string::npos;
    TokenSpan span;
    if (middle == std::string::npos) {
        if (!read(key, value, span.least)) return false;
        span.most = span.least;
    } else {
        const std::string_view ends = *text;
        const std::string_view least = ends.substr(0, middle);
        if (least.empty() || least.size() > 18 || least.find_first_not_of("0123456789") != std::string_view::npos)
            return fail(*source_, key, value, "does not start with a whole number: write it like \"16 to 64 tokens\"");
        if (!read_tokens(*source_, key, value, std::string(least) + " tokens", span.least)) return false;
        if (!read_tokens(*source_, key, value, ends.substr(middle + span_word.size()), span.most)) return false;
        if (span.most < span.least) return fail(*source_, key, value, "ends below its start: write the smaller number first");
    }
    into = span;
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, Share& into) const {
    constexpr std::size_t digits_most = 6;
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_form(*source_, key, value, "a part such as \"3/4\"");
    const std::size_t slash = std::min(text->find('/'), text->size());
    const auto whole = [](std::string_view digits) {
        return !digits.empty() && digits.size() <= digits_most && digits.find_first_not_of("0123456789") == std::string_view::npos;
    };
    const std::string_view part = std::string_view(*text).substr(0, slash);
    const std::string_view of = std::string_view(*text).substr(std::min(slash + 1, text->size()));
    if (!whole(part) || !whole(of)) return fail(*source_, key, value, "is no part: write it like \"3/4\"");
    const Share share{std::stoll(std::string(part)), std::stoll(std::string(of))};
    if (share.of == 0 || share.part > share.of) return fail(*source_, key, value, "is not between \"0/1\" and \"1/1\"");
    into = share;
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, StrideAlignment& into) const {
    const auto* text = std::get_if<std::string>(&value.value);
    if (text == nullptr) return wrong_form(*source_, key, value, "\"576 bytes\" or \"64 tokens\"");
    if (text->find("token") == std::string::npos) {
        Bytes bytes;
        if (!read_bytes(*source_, key, value, bytes)) return false;
        into = {.bytes = bytes};
        return true;
    }
    Tokens tokens;
    if (!read_tokens(*source_, key, value, *text, tokens)) return false;
    into = {.kernel_block = tokens};
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, std::vector<Bytes>& into) const {
    const auto one = [&](const TomlValue& item, Bytes& bytes) { return read_bytes(*source_, key, item, bytes); };
    if (std::holds_alternative<TomlArray>(value.value)) return read_items(*source_, key, value, "", into, one);
    Bytes only;
    if (!one(value, only)) return false;
    into = {only};
    return true;
}

bool TableReader::read(const Key& key, const TomlValue& value, std::vector<std::int64_t>& into) const {
    return read_items(*source_, key, value, "a list of integers such as [16, 32]", into,
                      [&](const TomlValue& item, std::int64_t& number) { return read(key, item, number); });
}

bool TableReader::read(const Key& key, const TomlValue& value, std::vector<std::string>& into) const {
    return read_items(*source_, key, value, "a list of strings", into,
                      [&](const TomlValue& item, std::string& text) { return read(key, item, text); });
}

}  // namespace kv
