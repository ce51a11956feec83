// What config classes refuse: nulls where a field has a type without one, sizes that do not divide, rope scalings that lack a key.
// Mirrors transformers 4.57.6 (0.18.0) and 5.19.0 (0.32.0).
#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kv {
namespace {

bool is_null(const ConfigObject& object, std::string_view key) {
    if (!object.there()) return false;
    const auto value = object.place().member(key);
    return value && value->kind() == JsonKind::null;
}

void check_nulls(const ConfigView& config) {
    constexpr std::array<std::string_view, 4> of_every_model{"hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size"};
    const ConfigObject& text = config.text;
    for (const std::string_view key : of_every_model)
        if (is_null(text, key)) text.note(key, "expected an integer: the engine takes no null here");
    if (config.text_type == nullptr) return;
    const ConfigType& type = *config.text_type;
    if (is_null(text, "max_position_embeddings")) text.note("max_position_embeddings", "expected a length: the model makes a table of it");
    // Classes that fill nothing in for these heads.
    const bool encoder = type.model_type == "bert" || type.model_type == "roberta" || type.model_type == "xlm-roberta";
    if (encoder && is_null(text, "num_key_value_heads")) text.note("num_key_value_heads", "expected an integer");
    if (type.model_type == "nemotron" && config.classes != ModelClasses::vllm_0_18 && !text.has("num_key_value_heads"))
        text.note("num_key_value_heads", "expected an integer: from transformers 5 on nothing fills it in");
    if (config.classes == ModelClasses::vllm_0_18) {
        if (!type.states_heads) return;
        for (const std::string_view key : {"num_key_value_heads", "head_dim"})
            if (is_null(text, key) && (key != "head_dim" || type.model_type.starts_with("gemma")))
                text.note(key, "the config class of this model type fills nothing in for null");
        return;
    }
    for (const TypeDefault& field : config.text_type->defaults)
        if (!field.takes_null && is_null(text, field.key) && std::ranges::find(of_every_model, field.key) == of_every_model.end() &&
            field.key != "max_position_embeddings")
            text.note(field.key, "the config class of this model type takes no null here");
        // 0.32.0 puts null in the place of a window of 0.
        else if (!field.takes_null && field.key == "sliding_window" && text.count_if(field.key) == 0)
            text.note(field.key, "expected a window from 1: this release takes 0 for none, and this model type needs one");
}

void check_whole_heads(const ConfigView& config) {
    if (config.classes == ModelClasses::vllm_0_18 || config.text_type == nullptr || !config.text_type->whole_heads) return;
    const std::int64_t hidden = config.text.size("hidden_size");
    const std::int64_t heads = config.text.size("num_attention_heads");
    if (hidden % heads != 0)
        refuse({.type = Raised::value_error,
                .raised_in = "ModelConfig",
                .message = "the hidden size is not a multiple of the attention heads",
                .figures = {hidden, heads}});
}

bool is_text(JsonValue object, std::string_view key, std::string_view text) {
    const auto value = object.member(key);
    return value && value->kind() == JsonKind::string && value->string() == text;
}

void check_rope_type(const ConfigView& config, JsonValue rope) {
    const auto type = rope.member("rope_type"), legacy = rope.member("type");
    if (type && legacy && type->kind() == JsonKind::string && legacy->kind() == JsonKind::string && type->string() != legacy->string()) {
        const bool meant = (is_text(rope, "type", "su") && is_text(rope, "rope_type", "longrope")) ||
                           (is_text(rope, "type", "mrope") && is_text(rope, "rope_type", "default"));
        if (!meant)
            refuse({.type = Raised::value_error, .raised_in = "ModelConfig", .message = "`rope_type` and `type` contradict each other"});
    }
    if (type || !legacy || config.text_type == nullptr || !config.text_type->names_rope_type) return;
    if (config.classes == ModelClasses::vllm_0_18)
        refuse({.type = Raised::key_error, .raised_in = {}, .message = "a rope scaling of this model type needs `rope_type`"});
    // Layers with a window have a rope of their own; what is stated for the others is laid over a default one.
    const bool laid_over = config.text_type->model_type == "gemma3_text";
    if (laid_over && legacy->kind() == JsonKind::string && legacy->string() != "default")
        refuse(
            {.type = Raised::value_error, .raised_in = "ModelConfig", .message = "`rope_type` default and `type` contradict each other"});
}

// Phi 3 takes no rope scaling but by factors, one for each pair of rotated dimensions.
void check_factors(const ConfigView& config, JsonValue rope) {
    if (config.text_type == nullptr || config.text_type->model_type != "phi3") return;
    const ConfigObject& text = config.text;
    const auto named = rope.member("type") ? rope.member("type") : rope.member("rope_type");
    const std::string_view type = named && named->kind() == JsonKind::string ? named->string() : std::string_view();
    const bool longrope = type == "longrope" || type == "su" || type == "yarn";
    const bool earlier = config.classes == ModelClasses::vllm_0_18;
    if (earlier ? !longrope || rope.size() != 3 : !longrope && !type.empty() && type != "default")
        return text.note("rope_scaling", "expected a `type` \"longrope\" with `short_factor` and `long_factor`, and nothing else");
    if (!longrope) return;
    if (!earlier && is_null(text, "head_dim")) return text.note("head_dim", "expected an integer: the rope of this model reads it");
    const std::int64_t heads = text.size("num_attention_heads");
    const double rotated = static_cast<double>(text.size("hidden_size") / heads) * text.number_if("partial_rotary_factor").value_or(1.0);
    const auto pairs = static_cast<std::int64_t>(std::clamp(rotated, 0.0, 1e9)) / 2;
    for (const std::string_view key : {"short_factor", "long_factor"}) {
        const auto factors = rope.member(key);
        if (!factors || factors->kind() != JsonKind::array) return text.note("rope_scaling", fmt::format("expected a list `{}`", key));
        const auto count = static_cast<std::int64_t>(factors->size());
        if (count != pairs)
            refuse({.type = Raised::value_error,
                    .raised_in = "ModelConfig",
                    .message = "a rope scaling has more or fewer factors than pairs of rotated dimensions",
                    .figures = {pairs, count}});
        const auto head = text.size_if("head_dim");
        if (head && *head / 2 != count) text.note("head_dim", fmt::format("expected {}: twice the factors of the rope scaling", 2 * count));
    }
}

// What the earlier classes of these types take for a rope scaling.
void check_plain_scaling(const ConfigView& config, JsonValue rope) {
    if (config.classes != ModelClasses::vllm_0_18 || config.text_type == nullptr) return;
    const std::string_view type = config.text_type->model_type;
    const auto factor = rope.member("factor");
    const bool grows = factor && factor->kind() == JsonKind::number && factor->number() > 1;
    if (type == "nemotron" && (!rope.member("rope_type") || !(grows || is_text(rope, "rope_type", "default"))))
        config.text.note("rope_scaling", "expected a `rope_type` and a `factor` over 1, with a point");
    const bool linear = is_text(rope, "type", "linear") || is_text(rope, "type", "dynamic");
    if ((type == "olmo" || type == "olmo2") && (rope.size() != 2 || !linear || !grows))
        config.text.note("rope_scaling", "expected a `type`, linear or dynamic, and a `factor` over 1, and nothing else");
}

// The engine's own linear scaling takes a factor with a point only: a whole number is not a list of factors, nor one.
void check_linear_factor(const ConfigView& config, JsonValue rope) {
    constexpr std::array<std::string_view, 10> as_transformers_has_them{"arcee", "glm", "hunyuan_v1_dense", "olmo",    "olmo2",
                                                                        "olmo3", "phi", "seed_oss",         "smollm3", "starcoder2"};
    const bool plain = std::ranges::any_of(plain_types(), [&](const ConfigType& type) { return &type == config.text_type; });
    if (!plain) return;
    const bool own = config.text_type->model_type == "smollm3"
                         ? false
                         : config.classes == ModelClasses::vllm_0_18 ||
                               std::ranges::find(as_transformers_has_them, config.text_type->model_type) == as_transformers_has_them.end();
    const auto factor = rope.member("factor");
    const bool linear = is_text(rope, "rope_type", "linear") || (!rope.member("rope_type") && is_text(rope, "type", "linear"));
    if (own && linear && factor && factor->kind() == JsonKind::integer)
        config.text.note("rope_scaling", "expected the factor of a linear scaling with a point, as in 2.0");
}

// From transformers 5 on a whole rotated head has an even size; tiny ones are let pass.
void check_even_heads(const ConfigView& config) {
    if (config.classes == ModelClasses::vllm_0_18 || config.text_type == nullptr) return;
    const ConfigObject& text = config.text;
    if (text.has("partial_rotary_factor")) return;
    constexpr std::array<std::string_view, 3> divide{"llama", "mistral", "cohere2"};  // Whose class fills in a head size.
    const bool derived = std::ranges::find(divide, config.text_type->model_type) != divide.end();
    const auto stated = text.size_if("head_dim");
    if (!stated && !derived) return;
    const std::int64_t head = stated ? *stated : text.size("hidden_size") / text.size("num_attention_heads");
    if (head > 4 && head % 2 != 0)
        refuse({.type = Raised::value_error, .raised_in = "ModelConfig", .message = "a rotated head has an odd size", .figures = {head}});
}

}  // namespace

void check_config(const ConfigView& config) {
    check_nulls(config);
    const auto rope = config.text.find("rope_scaling");
    // 4.57 has a default where there is a rope scaling.
    if (is_null(config.text, "rope_theta") && (config.classes != ModelClasses::vllm_0_18 || !rope))
        config.text.note("rope_theta", "expected a number");
    if (!config.text.errors().none()) return;
    check_whole_heads(config);
    check_even_heads(config);
    if (!rope || rope->kind() != JsonKind::object) return;
    check_plain_scaling(config, *rope);
    if (config.text.errors().none()) check_rope_type(config, *rope);
    check_factors(config, *rope);
    check_linear_factor(config, *rope);
}

}  // namespace kv
