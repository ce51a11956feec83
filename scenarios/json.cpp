#include "scenarios/json.h"

#include "model/contract.h"
#include "scenarios/json_syntax.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace kv {

namespace {

using Node = JsonDocument::Node;

constexpr std::size_t errors_max = 20;  // Of one text; after so many its author has enough to do.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view string_in(std::string_view strings, const Node& node) { return strings.substr(node.bits >> 32, node.bits & 0xFFFFFFFF); }

// Builds the table from nlohmann's events. The events come without positions, so a cursor follows them through the text: each event's
// token starts after the space, commas and colons that follow the token before it.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit Builder(std::string_view text) : text_(text) {
        if (text_.starts_with(byte_order_mark)) cursor_ = byte_order_mark.size();
    }

    bool null() override { return leaf(JsonKind::null, 0, 4); }
    bool boolean(bool value) override { return leaf(JsonKind::boolean, value ? 1 : 0, value ? 4 : 5); }
    bool number_integer(number_integer_t value) override {
        return leaf(JsonKind::integer, std::bit_cast<std::uint64_t>(value), number_length());
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) return number(static_cast<double>(value));
        return leaf(JsonKind::integer, value, number_length());
    }
    bool number_float(number_float_t value, const string_t&) override { return number(value); }
    bool string(string_t& value) override { return leaf(JsonKind::string, keep(value), string_length()); }
    bool key(string_t& value) override { return add(JsonKind::string, keep(value), string_length(), JsonPlace::key); }
    bool binary(binary_t&) override { return false; }  // Binary formats only.
    bool start_array(std::size_t) override { return open(JsonKind::array, JsonPlace::open_array); }
    bool start_object(std::size_t) override { return open(JsonKind::object, JsonPlace::open_object); }
    bool end_array() override { return close(); }
    bool end_object() override {
        report_duplicates(open_.back());
        return close();
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

    // To be called once the parser is done, with what it returned. A NUL byte ends the text for the parser, but not for us.
    void finish(bool parsed) {
        const bool whole = parsed && json_space_end(text_, cursor_) == text_.size();
        if (!whole && !stopped_) errors_.push_back(json_syntax_error(text_, cursor_, place_));
    }

    std::vector<JsonSyntaxError>& errors() { return errors_; }
    std::vector<Node>& nodes() { return nodes_; }
    std::string& strings() { return strings_; }

private:
    std::size_t token_start() {
        std::size_t start = json_space_end(text_, cursor_);
        while (start < text_.size() && (text_[start] == ',' || text_[start] == ':')) start = json_space_end(text_, start + 1);
        return start;
    }
    std::size_t number_length() { return json_number_end(text_, token_start()) - token_start(); }
    std::size_t string_length() { return json_string_end(text_, token_start()) - token_start(); }

    std::uint64_t keep(const std::string& value) {
        const std::uint64_t start = strings_.size();
        strings_ += value;
        return start << 32 | value.size();
    }

    bool number(double value) { return leaf(JsonKind::number, std::bit_cast<std::uint64_t>(value), number_length()); }

    bool leaf(JsonKind kind, std::uint64_t bits, std::size_t length) {
        return count_child() && add(kind, bits, length, place_after_value());
    }

    bool open(JsonKind kind, JsonPlace place) {
        if (open_.size() == json_depth_max) return stop(fmt::format("expected at most {} levels of nesting", json_depth_max));
        if (!count_child()) return false;
        open_.push_back(static_cast<std::uint32_t>(nodes_.size()));
        return add(kind, 0, 1, place);
    }

    bool close() {
        const std::size_t end = token_start() + 1;
        Node& node = nodes_[open_.back()];
        node.length = static_cast<std::uint32_t>(end - node.offset);
        node.end = static_cast<std::uint32_t>(nodes_.size());
        open_.pop_back();
        cursor_ = end;
        place_ = place_after_value();
        return true;
    }

    bool add(JsonKind kind, std::uint64_t bits, std::size_t length, JsonPlace place) {
        if (nodes_.size() == json_values_max) return stop(fmt::format("expected at most {} values and keys in one text", json_values_max));
        const std::size_t start = token_start();
        const auto end = static_cast<std::uint32_t>(nodes_.size() + 1);
        nodes_.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(length), end, 0, bits, kind});
        cursor_ = start + length;
        place_ = place;
        return true;
    }

    bool count_child() {
        if (!open_.empty()) ++nodes_[open_.back()].children;
        return true;
    }

    JsonPlace place_after_value() const {
        if (open_.empty()) return JsonPlace::whole_value;
        return nodes_[open_.back()].kind == JsonKind::array ? JsonPlace::array_value : JsonPlace::object_value;
    }

    bool stop(std::string message) {
        errors_.push_back({.offset = token_start(), .message = std::move(message)});
        stopped_ = true;
        return false;
    }

    // Sorted, so that a million keys cannot take long whatever they are.
    void report_duplicates(std::uint32_t object) {
        std::vector<std::pair<std::string_view, std::uint32_t>> keys;
        keys.reserve(nodes_[object].children);
        for (std::uint32_t key = object + 1; key < nodes_.size(); key = nodes_[key + 1].end) keys.emplace_back(key_text(key), key);
        std::ranges::sort(keys);
        for (std::size_t i = 1; i < keys.size() && errors_.size() < errors_max; ++i) {
            if (keys[i].first != keys[i - 1].first) continue;
            const Node& second = nodes_[keys[i].second];
            const std::string message = fmt::format("expected each key once: `{}` is already in this object", keys[i].first);
            errors_.push_back({.offset = second.offset, .length = second.length, .message = message});
        }
    }

    std::string_view key_text(std::uint32_t key) const { return string_in(strings_, nodes_[key]); }

    std::string_view text_;
    std::size_t cursor_ = 0;  // The end of the last token.
    JsonPlace place_ = JsonPlace::nothing;
    bool stopped_ = false;
    std::vector<std::uint32_t> open_;
    std::vector<Node> nodes_;
    std::string strings_;
    std::vector<JsonSyntaxError> errors_;
};

// Nodes stand in the order of the text.
void unmask(std::vector<Node>& nodes, const NonFinite& number) {
    const auto node = std::ranges::lower_bound(nodes, number.offset, {}, &Node::offset);
    if (node != nodes.end() && node->offset == number.offset) node->bits = std::bit_cast<std::uint64_t>(number.value);
}

Diagnostic diagnostic_in(const JsonText& source, std::size_t offset, std::size_t length, std::string message) {
    Diagnostic diagnostic = diagnostic_at(source.file, source.text, offset, length, std::move(message));
    diagnostic.where.line += source.first_line - 1;
    return diagnostic;
}

}  // namespace

std::variant<JsonDocument, Diagnostics> read_json(JsonText source) {
    if (source.text.size() > json_bytes_max)
        return Diagnostics{diagnostic_in(source, 0, 1, fmt::format("expected at most 16 MiB of JSON, found {} bytes", source.text.size()))};
    const bool seldom =
        source.non_finite && (source.text.find("NaN") != std::string::npos || source.text.find("Infinity") != std::string::npos);
    std::string masked = seldom ? source.text : std::string();
    const std::vector<NonFinite> non_finite = mask_non_finite(masked);
    const std::string& text = seldom ? masked : source.text;
    Builder builder(text);
    builder.finish(nlohmann::json::sax_parse(text, &builder));
    for (const NonFinite& number : non_finite) unmask(builder.nodes(), number);
    if (builder.errors().empty()) return JsonDocument(std::move(source), std::move(builder.nodes()), std::move(builder.strings()));
    std::ranges::sort(builder.errors(), {}, &JsonSyntaxError::offset);
    Diagnostics diagnostics;
    for (JsonSyntaxError& error : builder.errors())
        diagnostics.push_back(diagnostic_in(source, error.offset, error.length, std::move(error.message)));
    return diagnostics;
}

JsonDocument::JsonDocument(JsonText source, std::vector<Node> nodes, std::string strings)
    : source_(std::move(source)), nodes_(std::move(nodes)), strings_(std::move(strings)) {
    require(!nodes_.empty(), "a document has a root");
}

std::string_view JsonDocument::string_of(const Node& node) const { return string_in(strings_, node); }

Diagnostic JsonDocument::diagnostic(JsonValue where, std::string message) const {
    const Node& node = nodes_[where.index()];
    const bool container = node.kind == JsonKind::array || node.kind == JsonKind::object;  // Pointed at by its bracket.
    return diagnostic_in(source_, node.offset, container ? 1 : node.length, std::move(message));
}

std::string JsonDocument::path_of(JsonValue value) const {
    constexpr std::size_t path_bytes_max = 200;  // Keys are the user's and may be long.
    std::string path;
    for (JsonValue at = root(); at.index() != value.index() && path.size() <= path_bytes_max;) {
        const bool in_array = at.kind() == JsonKind::array;
        std::uint32_t child = at.index() + 1;
        for (std::size_t place = 0; true; ++place, child = nodes_[child].end) {
            const std::uint32_t child_value = in_array ? child : child + 1;
            if (value.index() >= nodes_[child_value].end) {
                if (!in_array) child = child_value;
                continue;
            }
            if (in_array) path += fmt::format("[{}]", place);
            else path += fmt::format("{}{}", path.empty() ? "" : ".", string_of(nodes_[child]));
            if (value.index() == child) return path;  // The element, or the key itself.
            at = JsonValue(*this, child_value);
            break;
        }
    }
    return path;
}

JsonKind JsonValue::kind() const { return document_->node(index_).kind; }

bool JsonValue::boolean() const {
    require(kind() == JsonKind::boolean, "the value is a boolean");
    return document_->node(index_).bits != 0;
}

std::int64_t JsonValue::integer() const {
    require(kind() == JsonKind::integer, "the value is an integer");
    return std::bit_cast<std::int64_t>(document_->node(index_).bits);
}

double JsonValue::number() const {
    if (kind() == JsonKind::integer) return static_cast<double>(integer());
    require(kind() == JsonKind::number, "the value is a number");
    return std::bit_cast<double>(document_->node(index_).bits);
}

std::string_view JsonValue::string() const {
    require(kind() == JsonKind::string, "the value is a string");
    return document_->string_of(document_->node(index_));
}

std::size_t JsonValue::size() const {
    require(kind() == JsonKind::array || kind() == JsonKind::object, "the value holds others");
    return document_->node(index_).children;
}

std::vector<JsonValue> JsonValue::elements() const {
    require(kind() == JsonKind::array, "the value is an array");
    std::vector<JsonValue> all;
    all.reserve(size());
    const std::uint32_t end = document_->node(index_).end;
    for (std::uint32_t i = index_ + 1; i < end; i = document_->node(i).end) all.emplace_back(*document_, i);
    return all;
}

std::vector<JsonMember> JsonValue::members() const {
    require(kind() == JsonKind::object, "the value is an object");
    std::vector<JsonMember> all;
    all.reserve(size());
    const std::uint32_t end = document_->node(index_).end;
    for (std::uint32_t i = index_ + 1; i < end; i = document_->node(i + 1).end) all.push_back({{*document_, i}, {*document_, i + 1}});
    return all;
}

std::optional<JsonValue> JsonValue::member(std::string_view key) const {
    if (kind() != JsonKind::object) return std::nullopt;
    const std::uint32_t end = document_->node(index_).end;
    for (std::uint32_t i = index_ + 1; i < end; i = document_->node(i + 1).end)
        if (document_->string_of(document_->node(i)) == key) return JsonValue(*document_, i + 1);
    return std::nullopt;
}

std::string_view JsonValue::spelling() const {
    return document_->text().substr(document_->node(index_).offset, document_->node(index_).length);
}

}  // namespace kv
