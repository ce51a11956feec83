// A JSON text as a flat, immutable table of values that know their place in it: no position, no duplicate key and no digit is lost.
// Reading takes no recursion and no more memory than the limits below allow, whatever the text is.
#pragma once

#include "scenarios/diagnostic.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

inline constexpr std::size_t json_bytes_max = std::size_t{16} << 20;
inline constexpr std::size_t json_depth_max = 64;
inline constexpr std::size_t json_values_max = std::size_t{1} << 21;  // Keys included.

// A text and where it comes from: a whole file, or one line of it.
struct JsonText {
    std::string file;
    std::string text;
    std::size_t first_line = 1;
    bool non_finite = false;  // NaN, Infinity and -Infinity are numbers too, as Python writes them.
};

class JsonDocument;

// The document, or every error of syntax and every duplicate key.
std::variant<JsonDocument, Diagnostics> read_json(JsonText text);

enum class JsonKind : std::uint8_t { null, boolean, integer, number, string, array, object };  // An integer outside int64 is a number.

struct JsonMember;

// One value of a document, which outlives it. Asking a value for what it is not breaks a contract: look at `kind` first.
class JsonValue {
public:
    JsonValue(const JsonDocument& document, std::uint32_t index) : document_(&document), index_(index) {}

    JsonKind kind() const;
    bool boolean() const;
    std::int64_t integer() const;
    double number() const;  // Of an integer too.
    std::string_view string() const;
    std::size_t size() const;  // Of an array or object.
    std::vector<JsonValue> elements() const;
    std::vector<JsonMember> members() const;                      // In the order of the text.
    std::optional<JsonValue> member(std::string_view key) const;  // Empty for what is not an object.

    std::string_view spelling() const;  // As the text has it.
    const JsonDocument& document() const { return *document_; }
    std::uint32_t index() const { return index_; }

private:
    const JsonDocument* document_;
    std::uint32_t index_;
};

struct JsonMember {
    JsonValue key;  // A string.
    JsonValue value;
};

class JsonDocument {
public:
    // A value and, directly after it, all that it holds; `end` is the node after those. A member is its key's node, then its value's.
    struct Node {
        std::uint32_t offset = 0;  // In the text.
        std::uint32_t length = 0;  // In bytes; of a container up to its closing bracket.
        std::uint32_t end = 0;
        std::uint32_t children = 0;  // Elements or members.
        std::uint64_t bits = 0;      // An integer, a double's bits, or where a string lies in `strings`: start << 32 | size.
        JsonKind kind = JsonKind::null;
    };

    JsonDocument(JsonText source, std::vector<Node> nodes, std::string strings);

    JsonValue root() const { return JsonValue(*this, 0); }
    const Node& node(std::uint32_t index) const { return nodes_[index]; }
    std::string_view string_of(const Node& node) const;
    std::string_view text() const { return source_.text; }
    const JsonText& source() const { return source_; }

    Diagnostic diagnostic(JsonValue where, std::string message) const;
    std::string path_of(JsonValue value) const;  // "specs[3].block_size"; empty for the root.

private:
    JsonText source_;
    std::vector<Node> nodes_;
    std::string strings_;  // All strings of the text, unescaped.
};

}  // namespace kv
