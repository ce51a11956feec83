// What a JSON Schema says, checked: the keywords that kvproof's own schemas and SARIF's official one use, and no others.
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

class SchemaChecker {
public:
    explicit SchemaChecker(const Json& root) : root_(&root) {}

    bool fits(const Json& schema, const Json& value) const {
        expect_known(schema);
        if (schema.contains("$ref")) return fits(referred(schema["$ref"]), value);  // Beside it nothing else counts (draft 7).
        const auto also = [&](const Json& part) { return fits(part, value); };
        if (schema.contains("type") && !is_of_type(schema["type"], value)) return false;
        if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) return false;
        if (schema.contains("const") && schema["const"] != value) return false;
        if (value.is_string() && !is_fitting_text(schema, value.get<std::string>())) return false;
        if (schema.contains("minimum") && value.is_number() && value < schema["minimum"]) return false;
        if (schema.contains("maximum") && value.is_number() && value > schema["maximum"]) return false;
        if (schema.contains("anyOf") && std::ranges::none_of(schema["anyOf"], also)) return false;
        if (schema.contains("oneOf") && std::ranges::count_if(schema["oneOf"], also) != 1) return false;
        if (schema.contains("allOf") && !std::ranges::all_of(schema["allOf"], also)) return false;
        if (schema.contains("if") && also(schema["if"]) && !also(schema["then"])) return false;
        if (schema.contains("not") && also(schema["not"])) return false;
        return has_fitting_items(schema, value) && (!value.is_object() || has_fitting_members(schema, value));
    }

private:
    static void expect_known(const Json& schema) {
        static const std::set<std::string> known{
            "$schema",     "$id",      "$ref",        "title",      "description", "default", "type",          "format",
            "properties",  "required", "items",       "enum",       "const",       "pattern", "minimum",       "maximum",
            "anyOf",       "oneOf",    "allOf",       "if",         "then",        "not",     "propertyNames", "additionalProperties",
            "prefixItems", "minItems", "uniqueItems", "definitions"};
        for (const auto& [word, rest] : schema.items())
            if (!known.contains(word)) throw std::logic_error("a keyword that the checker does not know: " + word);
    }

    static bool is_of_type(const std::string& type, const Json& value) {
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "string") return value.is_string();
        if (type == "integer") return value.is_number_integer();
        if (type == "number") return value.is_number();
        if (type == "boolean") return value.is_boolean();
        throw std::logic_error("a type that the checker does not know: " + type);
    }

    static bool matches(const std::string& pattern, const std::string& text) {
        static std::map<std::string, std::regex> made;  // Making one takes longer than matching.
        const auto known = made.find(pattern);
        return std::regex_search(text, known != made.end() ? known->second : made.emplace(pattern, pattern).first->second);
    }

    static bool is_fitting_text(const Json& schema, const std::string& text) {
        if (schema.contains("pattern") && !matches(schema["pattern"].get<std::string>(), text)) return false;
        if (!schema.contains("format")) return true;
        const std::string format = schema["format"];
        if (format == "uri") return matches("^[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$", text);
        if (format == "uri-reference") return matches("^([A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$", text);
        if (format == "date-time") return matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$", text);
        throw std::logic_error("a format that the checker does not know: " + format);
    }

    const Json& referred(const std::string& place) const {
        if (!place.starts_with("#/")) throw std::logic_error("a place that the checker does not know: " + place);
        return root_->at(Json::json_pointer(place.substr(1)));
    }

    bool has_fitting_members(const Json& schema, const Json& value) const {
        static const Json nothing = Json::object();
        const Json& properties = schema.contains("properties") ? schema["properties"] : nothing;
        for (const auto& [name, member] : value.items()) {
            if (schema.contains("propertyNames") && !fits(schema["propertyNames"], name)) return false;
            if (properties.contains(name)) {
                if (!fits(properties[name], member)) return false;
            } else if (schema.contains("additionalProperties")) {
                const Json& others = schema["additionalProperties"];
                if (others.is_boolean() ? !others.get<bool>() : !fits(others, member)) return false;
            }
        }
        const Json required = schema.value("required", Json::array());
        return std::ranges::all_of(required, [&](const Json& name) { return value.contains(name.get<std::string>()); });
    }

    bool has_fitting_items(const Json& schema, const Json& value) const {
        if (!value.is_array()) return true;
        if (schema.contains("minItems") && value.size() < schema["minItems"].get<std::size_t>()) return false;
        if (schema.value("uniqueItems", false))
            for (std::size_t i = 0; i < value.size(); ++i)
                if (std::find(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(i), value[i]) !=
                    value.begin() + static_cast<std::ptrdiff_t>(i))
                    return false;
        static const Json nothing = Json::array();
        const Json& first = schema.contains("prefixItems") ? schema["prefixItems"] : nothing;
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (i < first.size()) {
                if (!fits(first[i], value[i])) return false;
            } else if (schema.contains("items")) {
                const Json& others = schema["items"];
                if (others.is_boolean() ? !others.get<bool>() : !fits(others, value[i])) return false;
            }
        }
        return true;
    }

    const Json* root_;
};

inline bool fits_schema(const Json& schema, const Json& value) { return SchemaChecker(schema).fits(schema, value); }

}  // namespace kv::testing
