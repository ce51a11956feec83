#include "reports/run_schema.h"

#include "harness/issues.h"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <utility>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

Json of_type(std::string_view type) { return {{"type", type}}; }
Json list_of(const Json& items) { return {{"type", "array"}, {"items", items}}; }
Json or_null(const Json& schema) { return {{"anyOf", {schema, {{"const", nullptr}}}}}; }
Json count() { return {{"type", "integer"}, {"minimum", 0}}; }
Json text(std::string_view meaning = {}) {
    Json out = of_type("string");
    if (!meaning.empty()) out["description"] = meaning;
    return out;
}
Json described(Json schema, std::string_view meaning) {
    schema["description"] = meaning;
    return schema;
}

// Every part is there, and no other.
Json object_of(std::initializer_list<std::pair<std::string_view, Json>> parts) {
    Json properties = Json::object(), required = Json::array();
    for (const auto& [name, schema] : parts) {
        properties[std::string(name)] = schema;
        required.push_back(name);
    }
    return {{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
}

Json figures() {
    return {{"type", "object"},
            {"description", "rank, step, group, request and the numbers that the finding has"},
            {"additionalProperties", {{"anyOf", {of_type("integer"), of_type("string")}}}}};
}

Json property() { return {{"enum", property_ids}}; }

Json finding(bool with_state) {
    Json out = object_of({{"property", property()},
                          {"state", {{"enum", issue_state_names}}},
                          {"key", text("the same of the same finding, whatever its numbers: what a baseline goes by")},
                          {"message", text()},
                          {"times", {{"type", "integer"}, {"minimum", 1}}},
                          {"line", count()},
                          {"column", count()},
                          {"figures", figures()}});
    if (with_state) return out;
    out["properties"].erase("state");
    out["required"].erase(1);
    return out;
}

Json engine() {
    return object_of({{"name", text()},
                      {"spelling", text("NAME[+PATCH...][,slot=rule...]")},
                      {"replaced", {{"type", "object"}, {"additionalProperties", of_type("string")}}}});
}

Json plan() {
    const Json group = object_of({{"kind", text()}, {"block", count()}, {"layers", count()}});
    return or_null(object_of({{"blocks", count()},
                              {"model_len_max", count()},
                              {"groups", list_of(group)},
                              {"reported_tokens", or_null(of_type("integer"))},
                              {"concurrency", or_null(of_type("number"))},
                              {"side_buffer_rows", or_null(of_type("integer"))}}));
}

Json refusal() {
    const Json admission = object_of({{"worker", count()},
                                      {"there", of_type("integer")},
                                      {"needed", or_null(of_type("integer"))},
                                      {"estimated_len_max", or_null(of_type("integer"))}});
    return or_null(object_of({{"type", {{"enum", raised_names}}},
                              {"raised_in", text()},
                              {"message", text()},
                              {"figures", list_of(of_type("integer"))},
                              {"layer", or_null(of_type("string"))},
                              {"admission", or_null(admission)}}));
}

Json rank() {
    return object_of({{"arrived", count()},
                      {"refused", count()},
                      {"done", count()},
                      {"aborted", count()},
                      {"preempted", count()},
                      {"running", count()},
                      {"waiting", count()},
                      {"tokens_computed", count()},
                      {"tokens_hit", count()},
                      {"tokens_loaded", count()},
                      {"rows_delivered", count()}});
}

Json expectation() {
    const Json figure = object_of({{"name", text()}, {"expected", or_null(of_type("string"))}, {"actual", or_null(of_type("string"))}});
    return object_of({{"line", count()},
                      {"expected", text()},
                      {"actual", text()},
                      {"met", of_type("boolean")},
                      {"key", or_null(text("of one that is not met and no finding's: what a baseline goes by"))},
                      {"figures", list_of(figure)}});
}

Json scenario() {
    const Json vanished = object_of({{"key", text()}, {"message", text()}});
    return object_of({{"file", text()},
                      {"name", text("of the model")},
                      {"title", text()},
                      {"engine", engine()},
                      {"repeat", text("the command that runs it again")},
                      {"assumed", text("what nobody said, and was taken instead")},
                      {"plan", plan()},
                      {"end", {{"enum", run_end_names}}},
                      {"refusal", refusal()},
                      {"faulted_rank", or_null(of_type("integer"))},
                      {"steps", count()},
                      {"requests_left", count()},
                      {"ranks", list_of(rank())},
                      {"findings", list_of(finding(true))},
                      {"vanished", described(list_of(vanished), "of the baseline, what is there no more")},
                      {"findings_not_kept", count()},
                      {"expectations", or_null(list_of(expectation()))},
                      {"as_it_should", of_type("boolean")},
                      {"digest", or_null(text("of all events, in hexadecimal"))},
                      {"events", count()}});
}

std::string published(std::string_view title, std::string_view meaning, Json schema) {
    Json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}, {"description", meaning}};
    out.update(schema);
    constexpr int indent = 2;
    return out.dump(indent) + '\n';
}

}  // namespace

std::string run_schema() {
    return published("kvproof run", "What `kvproof run --format json` writes; `--baseline` reads it again.",
                     object_of({{"kvproof", {{"const", "run"}}}, {"format", {{"const", 1}}}, {"scenarios", list_of(scenario())}}));
}

std::string diff_schema() {
    const Json moved = object_of({{"name", text()}, {"first", text()}, {"second", text()}});
    const Json of_scenario = object_of({{"file", text()},
                                        {"title", text()},
                                        {"repeat", text("the command that compares it again")},
                                        {"moved", described(list_of(moved), "figures that the two engines give differently")},
                                        {"fixed", list_of(finding(false))},
                                        {"new", list_of(finding(false))},
                                        {"left", list_of(finding(false))}});
    return published("kvproof diff", "What `kvproof diff --format json` writes.",
                     object_of({{"kvproof", {{"const", "diff"}}},
                                {"format", {{"const", 1}}},
                                {"first", text("the engine before the change")},
                                {"second", text("the engine after it")},
                                {"scenarios", list_of(of_scenario)}}));
}

}  // namespace kv
