#include "reports/event_schema.h"

#include "scenarios/events/event_form.h"

#include <nlohmann/json.hpp>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

template <class Part>
Json part_schema(std::string_view name);

Json whole_number(IntegerRange range) {
    Json schema{{"type", "integer"}};
    if (range.least != std::numeric_limits<std::int64_t>::min()) schema["minimum"] = range.least;
    if (range.most != std::numeric_limits<std::int64_t>::max()) schema["maximum"] = range.most;
    return schema;
}

Json list_of(const Json& items) { return {{"type", "array"}, {"items", items}}; }

// An array of values of these kinds, the last `optional` of which may be missing.
Json row_of(const Json& kinds, std::size_t optional = 0) {
    return {{"type", "array"}, {"prefixItems", kinds}, {"items", false}, {"minItems", kinds.size() - optional}};
}

template <class Item>
Json runs_schema() {
    const Json item = whole_number(range_of_number<Item>());
    return list_of({{"anyOf", {item, row_of({item, whole_number({.least = 1, .most = event_count_max})})}}});
}

Json tags_schema() {
    const Json marker{{"enum", {never_written_name, missing_name}}};
    const Json count = whole_number({.least = 1, .most = event_count_max});
    const auto up_to = [](std::int64_t most) { return whole_number({.least = 0, .most = most}); };
    const Json origin{up_to(RowOrigin::producer_max), up_to(RowOrigin::content_max), up_to(RowOrigin::position_max),
                      whole_number({.least = 1, .most = RowOrigin::position_max + 1})};
    return list_of({{"anyOf", {marker, row_of({marker, count}), row_of(origin, 1)}}});
}

void describe(Json& schema, std::string_view meaning) {
    if (!meaning.empty()) schema["description"] = meaning;
}

// An object of a whole's parts.
template <Whole Value>
void add_parts(Json& properties, Json& required) {
    const Value usual{};
    PartsOf<Value>::parts(usual, [&]<class Part>(std::string_view name, const Part& part, std::string_view meaning) {
        Json schema = part_schema<Part>(name);
        describe(schema, meaning);
        if constexpr (std::same_as<Part, bool>) schema["default"] = part;
        if (!may_be_left_out<Part>()) required.push_back(name);
        properties[std::string(name)] = std::move(schema);
    });
}

Json object_of(Json properties, Json required) {
    return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}, {"additionalProperties", false}};
}

// What has changed of what a request holds.
Json held_schema() {
    Json properties{{"group", whole_number({.least = 0, .most = held_groups_max - 1})},
                    {"length", whole_number({.least = 0, .most = held_blocks_max})}};
    properties["length"]["description"] = "blocks that are left, where they were more";
    Json unused = Json::array();
    add_parts<Holding>(properties, unused);
    const Json ids = runs_schema<BlockId>()["items"];
    properties["blocks"] = list_of(
        {{"type", "array"}, {"prefixItems", {whole_number({.least = 0, .most = held_blocks_max})}}, {"items", ids}, {"minItems", 2}});
    properties["blocks"]["description"] = "stretches of changed or new ones: a column and the ids from there on";
    for (Json& property : properties) property.erase("default");  // What is left out is as it was.
    Json groups = whole_number({.least = 0, .most = held_groups_max});
    groups["description"] = "how many, where they are more or fewer than before";
    return object_of({{"groups", std::move(groups)}, {"changes", list_of(object_of(std::move(properties), {"group"}))}}, Json::array());
}

template <class Part>
Json part_schema(std::string_view name) {
    if constexpr (std::same_as<Part, bool>) return {{"type", "boolean"}};
    else if constexpr (std::same_as<Part, double>) return {{"anyOf", {{{"type", "number"}}, {{"enum", {"Infinity", "-Infinity", "NaN"}}}}}};
    else if constexpr (std::same_as<Part, std::string_view>) return {{"type", "string"}};
    else if constexpr (Named<Part>) return {{"enum", names_of(Part{})}};
    else if constexpr (NumberPart<Part>) return whole_number(range_of_number<Part>());
    else if constexpr (OptionalPart<Part>) return part_schema<typename OptionalOf<Part>::Value>(name);
    else if constexpr (HeldPart<Part>) return held_schema();
    else if constexpr (ListPart<Part>) {
        using Item = typename ListOf<Part>::Item;
        if constexpr (std::same_as<Item, RowTag>) return tags_schema();
        else if constexpr (told_in_runs<Item>("slots"))
            return told_in_runs<Item>(name) ? runs_schema<Item>() : list_of(part_schema<Item>(name));
        else return list_of(part_schema<Item>(name));
    } else if constexpr (Nameless<Part>) {
        Json kinds = Json::array();
        const Part usual{};
        PartsOf<Part>::parts(usual, [&]<class Inner>(std::string_view inner, const Inner&, std::string_view meaning) {
            Json kind = part_schema<Inner>(inner);
            kind["title"] = inner;
            describe(kind, meaning);
            kinds.push_back(std::move(kind));
        });
        return row_of(kinds);
    } else {
        Json properties = Json::object(), required = Json::array();
        add_parts<Part>(properties, required);
        return object_of(std::move(properties), std::move(required));
    }
}

Json header_schema() {
    Json schema = object_of({{"kvproof", {{"const", event_file_kind}}},
                             {"format", {{"const", event_format}}},
                             {"engine", {{"type", "string"}, {"description", "as it is spelled"}}},
                             {"scenario", {{"type", "string"}, {"description", "its title, or the name of its file"}}}},
                            {"kvproof", "format"});
    schema["title"] = "header";
    schema["description"] = "the first line";
    return schema;
}

}  // namespace

std::string event_schema() {
    Json lines{header_schema()};
    AllEvents::each_kind([&]<class Event>(const Event&) {
        Json properties{{"event", {{"const", Event::name}}}}, required{"event"};
        add_parts<Event>(properties, required);
        Json schema = object_of(std::move(properties), std::move(required));
        schema["title"] = Event::name;
        schema["description"] = Event::meaning;
        lines.push_back(std::move(schema));
    });
    const Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "kvproof events"},
                      {"description",
                       "A line of a file of events: what an engine does, one event a line after a header. In lists of block ids "
                       "and slots [17,3] is 17, 18, 19; [0,3] is three times the null block, and among slots [-1,3] is three "
                       "times nobody's. A tag of a row is [producer, content, position], and with a count as many at "
                       "consecutive positions."},
                      {"anyOf", lines}};
    constexpr int indent = 2;
    return schema.dump(indent) + '\n';
}

}  // namespace kv
