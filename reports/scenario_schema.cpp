#include "reports/scenario_schema.h"

#include "scenarios/keys.h"
#include "scenarios/quantity.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

Json section_schema(std::string_view section);

Json text_like(const std::string& pattern) { return {{"type", "string"}, {"pattern", '^' + pattern + '$'}}; }

Json whole_number(const Key& key) { return {{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}}; }

Json fraction_schema(const Key& key) {
    Json whole = whole_number(key);
    whole["not"] = {{"const", 0}};
    return {{"anyOf", {whole, text_like("1/[1-9][0-9]{0,5}")}}};
}

// What a value of a key's form looks like.
Json form_schema(const Key& key) {
    const std::string inner = key.section.empty() ? std::string(key.name) : std::string(key.section) + '.' + std::string(key.name);
    switch (key.form) {
        case Form::text:
            return {{"type", "string"}};
        case Form::choice:
            return {{"enum", key.choices}};
        case Form::flag:
            return {{"type", "boolean"}};
        case Form::count:
            return whole_number(key);
        case Form::tokens:
            return text_like(tokens_pattern());
        case Form::bytes:
            return text_like(bytes_pattern());
        case Form::fraction:
            return fraction_schema(key);
        case Form::length:
            return text_like("(fit up to )?" + tokens_pattern());
        case Form::span:
            return text_like("([0-9]{1,18} to )?" + tokens_pattern());
        case Form::share:
            return text_like("[0-9]{1,6}/[0-9]{1,6}");
        case Form::stride:
            return {{"anyOf", {text_like(bytes_pattern()), text_like(tokens_pattern())}}};
        case Form::sizes:
            return {{"anyOf", {text_like(bytes_pattern()), {{"type", "array"}, {"items", text_like(bytes_pattern())}}}}};
        case Form::counts:
            return {{"type", "array"}, {"items", whole_number(key)}};
        case Form::texts:
            return {{"type", "array"}, {"items", {{"type", "string"}}}};
        case Form::table:
            return section_schema(inner);
        case Form::tables:
            return {{"type", "array"}, {"items", section_schema(inner)}};
        case Form::pairs:
            return {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
    }
    return {};
}

// The range of a quantity, which its pattern does not say.
std::string range_of(const Key& key) {
    const auto between = [](const std::string& least, const std::string& most) { return " (" + least + " to " + most + ')'; };
    if (key.form == Form::tokens || key.form == Form::length || key.form == Form::span)
        return between(spelled(Tokens(key.least)), spelled(Tokens(key.most)));
    if (key.form == Form::bytes || key.form == Form::sizes) return between(spelled(Bytes(key.least)), spelled(Bytes(key.most)));
    return {};
}

Json key_schema(const Key& key) {
    Json out = form_schema(key);
    out["description"] = std::string(key.meaning) + range_of(key);
    if (!key.fallback.empty()) out["default"] = Json::parse(key.fallback);  // What a file would say is JSON too.
    return out;
}

// A kind of the section's tables: what it must have and what it may have.
Json kind_schema(const Key& telling, std::size_t kind) {
    Json required = Json::array();
    Json names = Json::array();
    for (const Key& key : keys_of_section(telling.section)) {
        if ((key.kinds >> kind & 1) == 0) continue;
        names.push_back(key.name);
        if ((key.required >> kind & 1) != 0) required.push_back(key.name);
    }
    const Json is_kind{{"properties", {{std::string(telling.name), {{"const", telling.choices[kind]}}}}},
                       {"required", Json::array({telling.name})}};
    return {{"if", is_kind}, {"then", {{"required", required}, {"propertyNames", {{"enum", names}}}}}};
}

Json section_schema(std::string_view section) {
    const Key* telling = telling_key(section);
    Json out{{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}, {"required", Json::array()}};
    for (const Key& key : keys_of_section(section)) {
        out["properties"][std::string(key.name)] = key_schema(key);
        const KindSet all = telling == nullptr ? key.required : (KindSet{1} << telling->choices.size()) - 1;
        if (key.required != 0 && (key.required & all) == all) out["required"].push_back(key.name);
    }
    if (telling == nullptr) return out;
    out["allOf"] = Json::array();
    for (std::size_t kind = 0; kind < telling->choices.size(); ++kind) out["allOf"].push_back(kind_schema(*telling, kind));
    return out;
}

}  // namespace

std::string scenario_schema() {
    Json schema{
        {"$schema", "https://json-schema.org/draft/2020-12/schema"},
        {"title", "kvproof scenario"},
        {"description", "A scenario file of kvproof, written in TOML. Quantities are strings with their unit, counts are integers."}};
    schema.update(section_schema(""));
    constexpr int indent = 2;
    return schema.dump(indent) + '\n';
}

}  // namespace kv
