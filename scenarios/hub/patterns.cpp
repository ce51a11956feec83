// How layers repeat, and where heads stand, in most configs.
#include "scenarios/hub/architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kv {

bool in_release(Release release, ModelClasses classes) {
    return release == Release::both || (release == Release::only_0_18) == (classes == ModelClasses::vllm_0_18);
}

std::vector<LayerKind> all_full(const ConfigView&, std::int64_t layers) {
    return std::vector<LayerKind>(static_cast<std::size_t>(layers), LayerKind::full);
}

std::vector<LayerKind> listed_kinds(const ConfigView& config, std::int64_t layers) {
    struct Name {
        std::string_view name;
        LayerKind kind;
    };
    constexpr std::array<Name, 7> names{{{"full_attention", LayerKind::full},
                                         {"attention", LayerKind::full},
                                         {"sliding_attention", LayerKind::sliding},
                                         {"chunked_attention", LayerKind::chunked},
                                         {"linear_attention", LayerKind::states},
                                         {"mamba", LayerKind::states},
                                         {"conv", LayerKind::states}}};
    std::vector<LayerKind> kinds;
    const auto list = config.text.find("layer_types");
    const auto wanted = static_cast<std::size_t>(layers);
    if (!list) {
        config.text.missing("layer_types", fmt::format("the kinds of {} layers", layers));
        return std::vector<LayerKind>(wanted, LayerKind::none);
    }
    JsonErrors& errors = config.text.errors();
    for (const JsonValue element : read_array(*list, static_cast<std::size_t>(config_layers_max), errors)) {
        const std::string name = read_string(element, errors);
        const auto known = std::ranges::find(names, name, &Name::name);
        if (known == names.end()) errors.note_expected(element, "a kind of layer, such as \"full_attention\" or \"sliding_attention\"");
        kinds.push_back(known == names.end() ? LayerKind::none : known->kind);
    }
    if (kinds.size() < wanted) errors.note(*list, fmt::format("names {} layers, but the model has {}", kinds.size(), layers));
    kinds.resize(wanted, LayerKind::none);
    return kinds;
}

AttentionShape usual_attention(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    AttentionShape shape;
    shape.heads = text.size("num_attention_heads");
    shape.kv_heads = text.size_if("num_key_value_heads").value_or(shape.heads);
    const auto stated = text.size_if("head_dim");
    shape.head_size = stated ? *stated : std::max<std::int64_t>(1, text.size("hidden_size") / shape.heads);
    return shape;
}

MixerShape full_attention(const LayerPlace& place) {
    AttentionShape shape = usual_attention(place);
    shape.window = place.config.shared_window;
    return shape;
}

MixerShape divided_attention(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    AttentionShape shape;
    shape.heads = text.size("num_attention_heads");
    shape.kv_heads = text.size_if("num_key_value_heads").value_or(shape.heads);
    shape.head_size = std::max<std::int64_t>(1, text.size("hidden_size") / shape.heads);
    shape.window = place.config.shared_window;
    return shape;
}

MixerShape window_attention(const LayerPlace& place) {
    const ConfigObject& text = place.config.text;
    if (!text.states("sliding_window") && !text.has("sliding_window")) text.missing("sliding_window", "the window of layers that slide");
    AttentionShape shape = usual_attention(place);
    shape.window = place.config.window ? place.config.window : place.config.shared_window;
    return shape;
}

}  // namespace kv
