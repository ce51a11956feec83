// What kvproof's own schema says, checked: the keywords of JSON Schema that it uses, and no others.
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>

namespace kv::testing {

using Json = nlohmann::ordered_json;

inline bool fits_schema(const Json& schema, const Json& value);

inline bool is_of_type(const std::string& type, const Json& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    throw std::logic_error("a type that the checker does not know: " + type);
}

inline bool matches(const std::string& pattern, const std::string& text) {
    static std::map<std::string, std::regex> made;  // Making one takes longer than matching.
    const auto known = made.find(pattern);
    return std::regex_search(text, known != made.end() ? known->second : made.emplace(pattern, pattern).first->second);
}

inline bool has_fitting_members(const Json& schema, const Json& value) {
    static const Json nothing = Json::object();
    const Json& properties = schema.contains("properties") ? schema["properties"] : nothing;
    for (const auto& [name, member] : value.items()) {
        if (schema.contains("propertyNames") && !fits_schema(schema["propertyNames"], name)) return false;
        if (properties.contains(name)) {
            if (!fits_schema(properties[name], member)) return false;
        } else if (schema.contains("additionalProperties")) {
            const Json& others = schema["additionalProperties"];
            if (others.is_boolean() ? !others.get<bool>() : !fits_schema(others, member)) return false;
        }
    }
    const Json required = schema.value("required", Json::array());
    return std::ranges::all_of(required, [&](const Json& name) { return value.contains(name.get<std::string>()); });
}

inline bool has_fitting_items(const Json& schema, const Json& value) {
    if (!value.is_array()) return true;
    if (schema.contains("minItems") && value.size() < schema["minItems"].get<std::size_t>()) return false;
    static const Json nothing = Json::array();
    const Json& first = schema.contains("prefixItems") ? schema["prefixItems"] : nothing;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (i < first.size()) {
            if (!fits_schema(first[i], value[i])) return false;
        } else if (schema.contains("items")) {
            const Json& others = schema["items"];
            if (others.is_boolean() ? !others.get<bool>() : !fits_schema(others, value[i])) return false;
        }
    }
    return true;
}

inline bool fits_schema(const Json& schema, const Json& value) {
    static const std::set<std::string> known{"$schema",     "title",    "description", "default",       "type",
                                             "properties",  "required", "items",       "enum",          "const",
                                             "pattern",     "minimum",  "maximum",     "anyOf",         "allOf",
                                             "if",          "then",     "not",         "propertyNames", "additionalProperties",
                                             "prefixItems", "minItems"};
    for (const auto& [word, rest] : schema.items())
        if (!known.contains(word)) throw std::logic_error("a keyword that the checker does not know: " + word);
    const auto fits = [&](const Json& part) { return fits_schema(part, value); };
    if (schema.contains("type") && !is_of_type(schema["type"], value)) return false;
    if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) return false;
    if (schema.contains("const") && schema["const"] != value) return false;
    if (schema.contains("pattern") && value.is_string() && !matches(schema["pattern"].get<std::string>(), value.get<std::string>()))
        return false;
    if (schema.contains("minimum") && value.is_number() && value < schema["minimum"]) return false;
    if (schema.contains("maximum") && value.is_number() && value > schema["maximum"]) return false;
    if (schema.contains("anyOf") && std::ranges::none_of(schema["anyOf"], fits)) return false;
    if (schema.contains("allOf") && !std::ranges::all_of(schema["allOf"], fits)) return false;
    if (schema.contains("if") && fits(schema["if"]) && !fits(schema["then"])) return false;
    if (schema.contains("not") && fits(schema["not"])) return false;
    return has_fitting_items(schema, value) && (!value.is_object() || has_fitting_members(schema, value));
}

}  // namespace kv::testing
