// Any bytes: a document whose values lie where they say, or diagnostics.
#include "model/contract.h"
#include "scenarios/json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(data, data + size);
    const auto read = kv::read_json({.file = "fuzz.json", .text = std::move(text)});
    if (const auto* errors = std::get_if<kv::Diagnostics>(&read)) {
        kv::require(!errors->empty(), "a text that is refused has an error");
        kv::to_text(*errors);
        return 0;
    }
    const auto& document = std::get<kv::JsonDocument>(read);
    const std::uint32_t end = document.node(0).end;
    for (std::uint32_t i = 0; i < end; ++i) {
        const kv::JsonValue value(document, i);
        const std::string_view spelling = value.spelling();
        kv::require(!spelling.empty() && spelling.find_first_of(" \t\n\r,:") != 0, "a value starts with its first byte");
        if (i % 97 == 0) kv::to_text(document.diagnostic(value, document.path_of(value)));
        if (value.kind() == kv::JsonKind::array || value.kind() == kv::JsonKind::object) continue;
        // A leaf's own text is a document of that leaf.
        const auto again = kv::read_json({.file = "leaf.json", .text = std::string(spelling)});
        kv::require(std::holds_alternative<kv::JsonDocument>(again), "a leaf reads again");
        kv::require(std::get<kv::JsonDocument>(again).root().kind() == value.kind(), "as what it was");
    }
    return 0;
}
