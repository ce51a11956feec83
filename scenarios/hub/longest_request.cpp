// The longest request that a config allows, as the engine derives it: the smallest length that it names, stretched by its rotary
// embedding's scaling.
#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace kv {
namespace {

constexpr std::array<std::string_view, 9> length_keys{
    "max_position_embeddings", "n_positions",         "max_seq_len",    "seq_length", "model_max_length",
    "max_target_positions",    "max_sequence_length", "max_seq_length", "seq_len"};

struct Rope {
    std::string type = "default";
    std::optional<double> factor;
    bool states_factor = false;  // Even as null.
    std::optional<double> original;
};

std::optional<std::string> text_of(JsonValue object, std::string_view key) {
    const auto value = object.member(key);
    return value && value->kind() == JsonKind::string ? std::optional(std::string(value->string())) : std::nullopt;
}

std::optional<double> number_of(JsonValue object, std::string_view key) {
    const auto value = object.member(key);
    if (!value || (value->kind() != JsonKind::number && value->kind() != JsonKind::integer)) return std::nullopt;
    return value->number();
}

Rope read_rope(JsonValue object) {
    Rope rope;
    if (auto type = text_of(object, "rope_type")) rope.type = *std::move(type);
    else if (auto legacy = text_of(object, "type")) rope.type = *std::move(legacy);
    if (rope.type == "su") rope.type = "longrope";
    rope.states_factor = object.member("factor").has_value();
    rope.factor = number_of(object, "factor");
    rope.original = number_of(object, "original_max_position_embeddings");
    return rope;
}

// One object, or one a type of layer.
std::vector<Rope> ropes_of(const ConfigObject& text) {
    for (const std::string_view key : {"rope_scaling", "rope_parameters"})
        if (const auto value = text.find(key); value && value->kind() != JsonKind::object) text.errors().note_expected(*value, "an object");
    auto object = text.find("rope_scaling");
    if (!object || object->kind() != JsonKind::object || object->members().empty()) object = text.find("rope_parameters");
    std::vector<Rope> ropes;
    if (!object || object->kind() != JsonKind::object) return ropes;
    const std::vector<JsonMember> members = object->members();
    const bool nested = !members.empty() && std::ranges::all_of(members, [](const JsonMember& member) {
        return member.value.kind() == JsonKind::object || member.value.kind() == JsonKind::null;
    });
    if (!nested) return {read_rope(*object)};
    for (const JsonMember& member : members)
        if (member.value.kind() == JsonKind::object) ropes.push_back(read_rope(member.value));
    return ropes;
}

bool keeps_length(const Rope& rope, ModelClasses classes) {
    constexpr std::array<std::string_view, 6> of_both{"longrope", "llama3", "yarn", "deepseek_yarn", "deepseek_llama_scaling", ""};
    const std::size_t count = classes == ModelClasses::vllm_0_18 ? 2 : 5;
    return std::find(of_both.begin(), of_both.begin() + static_cast<std::ptrdiff_t>(count), rope.type) !=
           of_both.begin() + static_cast<std::ptrdiff_t>(count);
}

}  // namespace

std::optional<Tokens> longest_request(const ConfigView& config) {
    const ConfigObject& text = config.text;
    std::optional<double> longest;
    for (const std::string_view key : length_keys)
        if (const auto length = text.size_if(key, config_length_max))
            longest = std::min(longest.value_or(static_cast<double>(*length)), static_cast<double>(*length));
    if (const auto length = text.size_if("model_max_length", config_length_max)) longest = static_cast<double>(*length);
    if (!longest) return std::nullopt;
    const std::vector<Rope> ropes = ropes_of(text);
    const auto original = text.size_if("original_max_position_embeddings", config_length_max);
    const std::string type(config.text_type == nullptr ? std::string_view() : config.text_type->model_type);
    if (!type.starts_with("gemma3")) {
        double factor = 1;
        for (const Rope& rope : ropes) {
            if (keeps_length(rope, config.classes)) continue;
            if (rope.states_factor) factor = rope.factor.value_or(1);
            if (config.classes != ModelClasses::vllm_0_18 || rope.type != "yarn") continue;
            if (original) longest = static_cast<double>(*original);
            else if (rope.original) longest = *rope.original;
            else refuse({.type = Raised::key_error, .raised_in = "ModelConfig", .message = "original_max_position_embeddings"});
        }
        *longest *= factor;
    }
    if (original && std::ranges::any_of(ropes, [](const Rope& rope) { return rope.type == "longrope"; }))
        longest = static_cast<double>(*original);
    if (!(*longest >= 1) || *longest > static_cast<double>(config_length_max)) {
        text.note("max_position_embeddings", "with its rope scaling this is no length that a request can have");
        return std::nullopt;
    }
    return Tokens{static_cast<std::int64_t>(*longest)};
}

}  // namespace kv
