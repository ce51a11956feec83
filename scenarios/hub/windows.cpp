// The types of a model's layers and its window, as the config class of its model type leaves them.
#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr std::string_view sliding = "sliding_attention";

// Older names that transformers 5 replaces when it reads a list.
std::string renamed(std::string name, ModelClasses classes) {
    if (classes == ModelClasses::vllm_0_18) return name;
    if (name == "mamba") return "linear_attention";
    if (name == "attention") return "full_attention";
    return name;
}

// The classes of 4.57 that make such a list also check its length; those of 5 all do.
void check_length(const ConfigView& config, std::size_t listed, std::int64_t layers) {
    const bool checks = config.classes != ModelClasses::vllm_0_18 || (config.text_type != nullptr && config.text_type->checks_layer_types);
    if (!checks || static_cast<std::int64_t>(listed) == layers) return;
    refuse({.type = Raised::value_error,
            .raised_in = "ModelConfig",
            .message = "`layer_types` names more or fewer layers than there are",
            .figures = {layers, static_cast<std::int64_t>(listed)}});
}

// The names that both releases have for layers.
void check_names(const ConfigView& config, const std::vector<std::string>& types) {
    constexpr std::array<std::string_view, 4> of_4_57{"full_attention", "sliding_attention", "chunked_attention", "linear_attention"};
    constexpr std::array<std::string_view, 9> of_5{"window_attention",
                                                   "indexed_attention",
                                                   "compressed_sparse_attention",
                                                   "minimax_m3_sparse",
                                                   "heavily_compressed_attention",
                                                   "conv",
                                                   "moe",
                                                   "hybrid",
                                                   "hybrid_sliding"};
    const bool earlier = config.classes == ModelClasses::vllm_0_18;
    if (earlier && (config.text_type == nullptr || !config.text_type->checks_layer_types)) return;
    const bool known = std::ranges::all_of(types, [&](const std::string& type) {
        return std::ranges::find(of_4_57, type) != of_4_57.end() || (!earlier && std::ranges::find(of_5, type) != of_5.end());
    });
    if (!known)
        refuse({.type = Raised::value_error, .raised_in = "ModelConfig", .message = "`layer_types` has a name that is no type of layer"});
}

void read_layer_types(ConfigView& config, std::optional<std::int64_t> window) {
    JsonErrors& errors = config.text.errors();
    const auto list = config.text.find("layer_types");
    const ConfigType* const type = config.text_type;
    const bool makes = type != nullptr && type->layer_types != nullptr;
    if (!list && !makes) return;
    const auto layers = config.text.count_if("num_hidden_layers", config_layers_max);
    TypedLayers typed{.text = config.text, .layers = layers.value_or(0), .window = window, .listed = list.has_value(), .types = {}};
    if (list)
        for (const JsonValue element : read_array(*list, static_cast<std::size_t>(config_layers_max), errors))
            typed.types.push_back(renamed(read_string(element, errors), config.classes));
    if (!errors.none()) return;
    if (list) check_names(config, typed.types);
    if (makes) type->layer_types(typed);
    if (layers) check_length(config, typed.types.size(), *layers);
    config.layer_types = std::move(typed.types);
}

// Where the engine takes the window for the whole model: 0.18.0 unless the layers are of several types, 0.32.0 only where none is listed
// as anything but sliding.
bool one_window_for_all(const ConfigView& config) {
    if (!config.layer_types) return true;
    const std::vector<std::string>& types = *config.layer_types;
    if (config.classes == ModelClasses::vllm_0_18)
        return std::ranges::all_of(types, [&](const std::string& type) { return type == types.front(); });
    return std::ranges::all_of(types, [](const std::string& type) { return type == sliding; });
}

}  // namespace

void read_windows(ConfigView& config) {
    std::optional<std::int64_t> window = config.text.count_if("sliding_window", config_length_max);
    const ConfigType* const type = config.text_type;
    if (type != nullptr && type->window != nullptr) window = type->window(config.text, window);
    read_layer_types(config, window);
    if (config.classes != ModelClasses::vllm_0_18 && window == 0) window.reset();  // 0.32.0 takes 0 for none.
    if (window) config.window = Tokens{*window};
    if (one_window_for_all(config)) config.shared_window = config.window;
}

std::vector<LayerKind> window_kinds(const ConfigView& config, std::int64_t layers) {
    std::vector<LayerKind> kinds(static_cast<std::size_t>(layers), LayerKind::full);
    if (!config.layer_types || config.layer_types->empty()) return kinds;
    const bool slides = std::ranges::find(*config.layer_types, sliding) != config.layer_types->end();
    if (slides && !config.text.states("sliding_window") && !config.text.has("sliding_window"))
        config.text.missing("sliding_window", "the window of layers that slide");
    if (config.layer_types->size() < kinds.size())
        refuse({.type = Raised::assertion_error,
                .raised_in = "LlamaAttention",
                .message = "`layer_types` names fewer layers than there are",
                .figures = {static_cast<std::int64_t>(config.layer_types->size())}});
    for (std::size_t i = 0; i < kinds.size(); ++i)
        if ((*config.layer_types)[i] == sliding) kinds[i] = LayerKind::sliding;
    return kinds;
}

}  // namespace kv
