#include "scenarios/hub/state_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kv {

void refuse_config(Raised type, std::string message, std::vector<std::int64_t> figures) {
    refuse({.type = type, .raised_in = "ModelConfig", .message = std::move(message), .figures = std::move(figures)});
}

std::vector<LayerKind> all_states(const ConfigView&, std::int64_t layers) {
    return std::vector<LayerKind>(static_cast<std::size_t>(layers), LayerKind::states);
}

std::vector<LayerKind> kinds_of_words(const ConfigView& config, std::string_view key, std::int64_t layers,
                                      std::span<const KindWord> words) {
    std::vector<LayerKind> kinds;
    const auto list = config.text.find(key);
    if (!list) {
        config.text.missing(key, fmt::format("the kinds of {} layers", layers));
        return std::vector<LayerKind>(static_cast<std::size_t>(layers), LayerKind::none);
    }
    JsonErrors& errors = config.text.errors();
    for (const JsonValue element : read_array(*list, static_cast<std::size_t>(config_layers_max), errors)) {
        const std::string word = read_string(element, errors);
        const auto known = std::ranges::find(words, word, &KindWord::word);
        if (errors.none() && known == words.end()) refuse_config(Raised::value_error, fmt::format("\"{}\" is no kind of layer here", word));
        kinds.push_back(known == words.end() ? LayerKind::none : known->kind);
    }
    const auto named = static_cast<std::int64_t>(kinds.size());
    const bool checked = config.classes == ModelClasses::vllm_0_32;
    if (errors.none() && (checked ? named != layers : named < layers))
        refuse_config(checked ? Raised::value_error : Raised::index_error, fmt::format("`{}` names {} layers of {}", key, named, layers),
                      checked ? std::vector<std::int64_t>{layers, named} : std::vector<std::int64_t>{});
    kinds.resize(static_cast<std::size_t>(layers), LayerKind::none);
    return kinds;
}

std::vector<LayerKind> interval_kinds(const ConfigView& config, std::int64_t layers) {
    constexpr std::array words{KindWord{"linear_attention", LayerKind::states}, KindWord{"full_attention", LayerKind::full}};
    if (config.text.has("layer_types")) return kinds_of_words(config, "layer_types", layers, words);
    const std::int64_t interval = config.text.size_if("full_attention_interval").value_or(4);
    std::vector<LayerKind> kinds = all_states(config, layers);
    for (std::int64_t i = interval - 1; i < layers; i += interval) kinds[static_cast<std::size_t>(i)] = LayerKind::full;
    return kinds;
}

MixerShape derived_attention(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    AttentionShape shape;
    shape.heads = text.size("num_attention_heads");
    shape.kv_heads = text.size_if("num_key_value_heads").value_or(shape.heads);
    shape.head_size = std::max<std::int64_t>(1, text.size("hidden_size") / shape.heads);
    return shape;
}

std::int64_t expanded_size(const ConfigObject& text, std::string_view factor) {
    const std::int64_t hidden = text.size("hidden_size");
    const double times = text.number_if(factor).value_or(1);
    const double size = std::trunc(times * static_cast<double>(hidden));
    if (size >= 1 && size <= static_cast<double>(config_size_max)) return static_cast<std::int64_t>(size);
    text.note(factor, "makes no size of the hidden size");
    return 1;
}

std::int64_t filling_head_size(const ConfigObject& text, std::string_view key, std::int64_t inner, std::int64_t heads) {
    if (!text.errors().none()) return 1;
    if (inner % heads != 0) refuse_config(Raised::value_error, "the heads of states do not divide their inner size");
    const auto stated = text.find(key);
    const bool left_over = !stated || (stated->kind() == JsonKind::string && stated->string() == "auto");
    const std::int64_t size = left_over ? inner / heads : text.size(key);
    if (text.errors().none() && checked_mul(size, heads) != inner)
        refuse_config(Raised::value_error, "the heads of states do not fill their inner size");
    return size;
}

std::optional<DType> state_dtype_of(const ConfigObject& text, std::string_view key) {
    const auto name = text.word_if(key);
    if (!name || *name == "auto") return std::nullopt;
    const auto dtype = dtype_named(*name);
    if (!dtype) text.note(key, "expected an element type such as \"float32\"");
    return dtype;
}

void forget_hybrid_without_states(ModelShape& shape) {
    const bool every_layer_attends =
        static_cast<std::int64_t>(shape.layers.size()) == shape.decoder_layers &&
        std::ranges::none_of(shape.layers, [](const ShapedLayer& layer) { return std::holds_alternative<StateShape>(layer.mixer); });
    if (every_layer_attends) shape.traits.hybrid = false;
}

}  // namespace kv
