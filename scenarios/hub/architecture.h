// How an architecture's config.json describes its layers: one entry a class of the engine, made of small named parts.
#pragma once

#include "model/rules/serving.h"
#include "model/serving/model_shape.h"
#include "scenarios/hub/config_object.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

enum class LayerKind : std::uint8_t { full, sliding, chunked, states, latent, none };

struct ConfigView {
    const ConfigObject& root;
    const ConfigObject& text;  // Of the decoder: a nested object, or the root.
    ModelClasses classes;
};

struct LayerPlace {
    const ConfigView& config;
    std::int64_t layer, layers;
    LayerKind kind;
};

// What keeps state in a layer of this kind. `name`: {i} is the layer, {i+n} the layer after all layers.
struct LayerPart {
    LayerKind kind;
    std::string_view name;
    MixerShape (*shape)(const LayerPlace& place);
};

struct DraftForm {
    std::string_view count_key;        // How many layers the drafter has.
    std::span<const LayerPart> parts;  // {i} is the drafter's layer, {i+n} the same after the model's.
};

enum class Release : std::uint8_t { both, only_0_18, only_0_32 };

struct Architecture {
    std::string_view name;            // As `architectures` has it.
    Release release = Release::both;  // Which engines have it so. The other one refuses it, unless another entry says how.
    std::string_view chosen = {};     // The class that the engine takes instead; empty: the same.
    std::string_view text = {};       // The key of the decoder's settings; empty: the root.
    std::string_view text_type = {};  // Their model type where they do not name it.
    std::vector<LayerKind> (*kinds)(const ConfigView& config, std::int64_t layers);
    std::span<const LayerPart> parts;
    DraftForm draft = {};
    ModelTraits traits = {};
    // What differs from where the engine usually finds it; null: as usual.
    std::int64_t (*layers)(const ConfigView& config) = nullptr;
    void (*adjust)(const ConfigView& config, ModelShape& shape) = nullptr;
};

// What the config class of a model type says where the file says nothing.
struct ConfigType {
    std::string_view model_type;
    Release release = Release::both;
    std::span<const TypeDefault> defaults;
};

// The families, each a file of entries.
struct ArchitectureFamily {
    std::span<const Architecture> architectures;
    std::span<const ConfigType> types;
};
ArchitectureFamily dense_family();     // Every layer full attention.
ArchitectureFamily windowed_family();  // Windows and chunks, beside full attention or alone.
ArchitectureFamily latent_family();    // MLA and its sparse variants.
ArchitectureFamily state_family();     // Mamba and linear attention, beside attention or alone.
ArchitectureFamily encoder_family();   // Encoders, and decoders that read one.

bool in_release(Release release, ModelClasses classes);

// Patterns that several architectures have.
std::vector<LayerKind> all_full(const ConfigView& config, std::int64_t layers);
std::vector<LayerKind> listed_kinds(const ConfigView& config, std::int64_t layers);  // `layer_types`; it must name every layer.

// Readers that several architectures have: heads, kv heads and head size where most configs keep them.
AttentionShape usual_attention(const LayerPlace& place);
MixerShape full_attention(const LayerPlace& place);
MixerShape window_attention(const LayerPlace& place);  // The window is `sliding_window`.

}  // namespace kv
