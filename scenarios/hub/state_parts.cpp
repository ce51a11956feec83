#include "scenarios/hub/state_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kv {
namespace {

LayerKind kind_of_word(std::string_view word, std::span<const KindWord> words) {
    const auto known = std::ranges::find(words, word, &KindWord::word);
    return known == words.end() ? LayerKind::none : known->kind;
}

bool is_listed(std::string_view word, std::span<const KindWord> words) {
    return std::ranges::find(words, word, &KindWord::word) != words.end();
}

}  // namespace

std::vector<LayerKind> all_states(const ConfigView&, std::int64_t layers) {
    return std::vector<LayerKind>(static_cast<std::size_t>(layers), LayerKind::states);
}

std::vector<LayerKind> kinds_of_types(const ConfigView& config, std::int64_t layers, std::span<const KindWord> words) {
    std::vector<LayerKind> kinds(static_cast<std::size_t>(layers), LayerKind::none);
    if (!config.layer_types) {
        if (config.text.errors().none()) config.text.missing("layer_types", fmt::format("the kinds of {} layers", layers));
        return kinds;
    }
    const std::vector<std::string>& types = *config.layer_types;
    const auto unknown = std::ranges::find_if(types, [&](const std::string& type) { return !is_listed(type, words); });
    if (unknown != types.end()) config.text.note("layer_types", fmt::format("\"{}\" is no type of layer that this model has", *unknown));
    if (types.size() < kinds.size() && config.text.errors().none())
        refuse({.type = Raised::index_error, .raised_in = "get_layer", .message = "`layer_types` names fewer layers than there are"});
    for (std::size_t i = 0; i < std::min(kinds.size(), types.size()); ++i) kinds[i] = kind_of_word(types[i], words);
    return kinds;
}

std::vector<LayerKind> linear_kinds(const ConfigView& config, std::int64_t layers) {
    constexpr std::array words{KindWord{"linear_attention", LayerKind::states}, KindWord{"full_attention", LayerKind::full}};
    return kinds_of_types(config, layers, words);
}

std::vector<LayerKind> kinds_of_words(const ConfigView& config, std::string_view key, std::span<const KindWord> words) {
    std::vector<LayerKind> kinds;
    const auto list = config.text.find(key);
    if (!list) return kinds;
    JsonErrors& errors = config.text.errors();
    for (const JsonValue element : read_array(*list, static_cast<std::size_t>(config_layers_max), errors)) {
        const std::string word = read_string(element, errors);
        if (errors.none() && !is_listed(word, words))
            errors.note_expected(element, fmt::format("a kind of layer, such as \"{}\"", words.front().word));
        kinds.push_back(kind_of_word(word, words));
    }
    return kinds;
}

void linear_types(TypedLayers& typed) {
    if (!typed.listed) typed.types.assign(static_cast<std::size_t>(typed.layers), "linear_attention");
}

namespace {

void full_after(TypedLayers& typed, std::int64_t interval) {
    if (typed.listed) return;
    linear_types(typed);
    for (std::int64_t i = interval - 1; i < typed.layers; i += interval) typed.types[static_cast<std::size_t>(i)] = "full_attention";
}

}  // namespace

void linear_but_every_fourth(TypedLayers& typed) { full_after(typed, 4); }
void linear_but_at_interval(TypedLayers& typed) { full_after(typed, typed.text.size_if("full_attention_interval").value_or(4)); }

MixerShape derived_attention(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    AttentionShape shape;
    shape.heads = text.size("num_attention_heads");
    shape.kv_heads = text.size_if("num_key_value_heads").value_or(shape.heads);
    shape.head_size = std::max<std::int64_t>(1, text.size("hidden_size") / shape.heads);
    shape.window = place.config.shared_window;
    return shape;
}

std::int64_t expanded_size(const ConfigView& config, std::string_view factor, Expansion expansion) {
    const std::int64_t hidden = config.text.size("hidden_size");
    const auto times = config.text.number_if(factor);
    const double size = std::trunc(times.value_or(0) * static_cast<double>(hidden));
    const bool whole = times && std::trunc(*times) == *times;
    const bool taken = times && size >= 1 && size <= static_cast<double>(config_size_max) &&
                       (whole || (expansion == Expansion::rounded && !newer(config)));
    if (taken) return static_cast<std::int64_t>(size);
    if (config.text.errors().none()) config.text.missing(factor, "by how much the hidden size is expanded, such as 2");
    return 1;
}

HeadSizes filling_heads(const ConfigObject& text, Heads keys, std::int64_t inner) {
    const std::int64_t heads = text.size(keys.count_key);
    const auto stated = text.find(keys.size_key);
    const bool left_over = !stated || (stated->kind() == JsonKind::string && stated->string() == "auto");
    const std::int64_t size = left_over ? std::max<std::int64_t>(1, inner / heads) : text.size(keys.size_key);
    if (text.errors().none() && checked_mul(size, heads) != inner)
        text.note(keys.count_key, fmt::format("{} heads of {} do not fill the inner size of {}", heads, size, inner));
    return {.heads = heads, .size = size};
}

std::optional<DType> state_dtype_of(const ConfigObject& text, std::string_view key) {
    const auto name = text.word_if(key);
    if (!name || *name == "auto") return std::nullopt;
    const auto dtype = dtype_named(*name);
    if (!dtype) text.note(key, "expected an element type such as \"float32\"");
    return dtype;
}

std::optional<std::int64_t> state_chunk_of(const ConfigObject& text) {
    const auto chunk = text.size_if("mamba_chunk_size");
    return chunk ? chunk : text.size_if("chunk_size");
}

void expect_integers(const ConfigView& config, std::initializer_list<std::string_view> keys) {
    if (config.text.states_null("hidden_size")) config.text.missing("hidden_size", "an integer");
    if (!newer(config)) return;
    for (const std::string_view key : keys)
        if (config.text.states_null(key)) config.text.missing(key, "an integer");
}

void forget_hybrid_without_states(const ConfigView& config, ModelShape& shape) {
    const auto attends = [&](const std::string& type) { return type == "attention" || (newer(config) && type == "full_attention"); };
    if (config.layer_types && std::ranges::all_of(*config.layer_types, attends)) shape.traits.hybrid = false;
}

}  // namespace kv
