// How an architecture's config.json describes its layers: one entry a class of the engine, made of small named parts.
#pragma once

#include "model/rules/serving.h"
#include "model/serving/model_shape.h"
#include "scenarios/hub/config_object.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

enum class Release : std::uint8_t { both, only_0_18, only_0_32 };
enum class LayerKind : std::uint8_t { full, sliding, chunked, states, latent, indexed, compressed, none };

struct TypedLayers {
    const ConfigObject& text;
    std::int64_t layers;
    std::optional<std::int64_t> window;
    bool listed;  // By the file.
    std::vector<std::string> types;
};

// What the config class of a model type makes of the file.
struct ConfigType {
    std::string_view model_type;
    std::string_view base = {};  // The class that the engine takes where the config names none.
    Release release = Release::both;
    std::span<const TypeDefault> defaults = {};  // Where the file says nothing.
    // The window that it makes of `sliding_window`. Null: the same.
    std::optional<std::int64_t> (*window)(const ConfigObject& text, std::optional<std::int64_t> listed) = nullptr;
    // Makes the list of its layers' types where the file has none, or mends the file's. Null: as the file has it.
    void (*layer_types)(TypedLayers& layers) = nullptr;
    bool checks_layer_types = false;  // That there is one a layer: in 4.57; from transformers 5 on all do.
    bool whole_heads = false;         // From transformers 5 on the hidden size must be a multiple of the heads.
    bool states_heads = false;        // In 4.57 null key and value heads (and of Gemma a null head size) are not filled in.
    bool names_rope_type = false;     // In 4.57 a rope scaling is to have `rope_type`, not the older `type`.
};

struct ConfigView {
    const ConfigObject& root;
    const ConfigObject& text;  // Of the decoder: a nested object, or the root.
    ModelClasses classes;
    const ConfigType* text_type = nullptr;  // Null: a type that has no entry here.
    // As the config class leaves them (windows.cpp).
    std::optional<std::vector<std::string>> layer_types = {};
    std::optional<Tokens> window = {};         // `sliding_window`.
    std::optional<Tokens> shared_window = {};  // Of every layer that has none of its own.
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

// The drafter that some models ship.
struct DraftForm {
    std::string_view count_key = {};                            // How many layers it has, and tokens it was made to predict.
    std::span<const LayerPart> parts = {};                      // {i} is the drafter's layer, {i+n} the same after the model's.
    std::int64_t always = 0;                                    // So many layers, whatever the config says; 0: as `count_key` says.
    std::int64_t otherwise = 0;                                 // Where `count_key` says nothing; 0: then it cannot be made.
    std::span<const std::string_view> model_types = {};         // That the engine has it for; empty: of all.
    Release release = Release::both;                            // Which engines have it.
    LayerKind (*kind)(const ConfigView& config) = nullptr;      // Only the parts of this kind; null: all.
    bool pipeline = false;                                      // Its class can be cut into stages.
    std::int64_t (*first)(const ConfigView& config) = nullptr;  // The number of its first layer; null: after the model's.
};

struct Architecture {
    std::string_view name;            // As `architectures` has it.
    Release release = Release::both;  // Which engines have it so. The other one refuses it, unless another entry says how.
    std::string_view chosen = {};     // The class that the engine takes instead; empty: the same.
    std::string_view text = {};       // The key of the decoder's settings; empty: the root.
    std::string_view text_type = {};  // Their model type where they do not name it.
    bool text_at_root = false;        // The root has them where that key is missing.
    std::vector<LayerKind> (*kinds)(const ConfigView& config, std::int64_t layers);
    std::span<const LayerPart> parts;
    DraftForm draft = {};
    ModelTraits traits = {};
    // What differs from where the engine usually finds it; null: as usual.
    std::int64_t (*layers)(const ConfigView& config) = nullptr;
    void (*adjust)(const ConfigView& config, ModelShape& shape) = nullptr;
};

// The families, each a file of entries.
struct ArchitectureFamily {
    std::span<const Architecture> architectures;
    std::span<const ConfigType> types;
};
ArchitectureFamily dense_family();       // Every layer full attention.
ArchitectureFamily further_family();     // Others with attention only, many of which 0.32.0 runs as transformers has them.
ArchitectureFamily windowed_family();    // Windows and chunks, beside full attention or alone.
ArchitectureFamily latent_family();      // MLA and its sparse variants.
ArchitectureFamily compressed_family();  // Latent vectors for several tokens each, beside windows.
ArchitectureFamily state_family();       // Mamba, beside attention or alone.
ArchitectureFamily pattern_family();     // Mamba where a pattern spells the layers.
ArchitectureFamily delta_family();       // Delta nets, linear attention and short convolutions beside attention.
ArchitectureFamily kimi_family();        // Kimi delta attention beside MLA.
ArchitectureFamily encoder_family();     // Encoders, and decoders that read one.

std::span<const ArchitectureFamily> architecture_families();  // All of them.

bool in_release(Release release, ModelClasses classes);

// Patterns that several architectures have.
std::vector<LayerKind> all_full(const ConfigView& config, std::int64_t layers);
std::vector<LayerKind> listed_kinds(const ConfigView& config, std::int64_t layers);  // `layer_types`; it must name every layer.
std::vector<LayerKind> window_kinds(const ConfigView& config, std::int64_t layers);  // Sliding where `layer_types` says so, else full.

void read_windows(ConfigView& config);                                // Layer types and windows.
void check_config(const ConfigView& config);                          // What the config classes refuse.
void read_quantization(const ConfigView& config, ModelShape& shape);  // What a quantised checkpoint makes of the cache.
std::span<const ConfigType> plain_types();                            // Of models with attention only.
// The longest request that the config allows, when nobody asks for a length.
std::optional<Tokens> longest_request(const ConfigView& config);

// Readers that several architectures have: heads, kv heads and head size where most configs keep them.
AttentionShape usual_attention(const LayerPlace& place);
MixerShape full_attention(const LayerPlace& place);     // No window but the shared one.
MixerShape divided_attention(const LayerPlace& place);  // The same, of classes that have no `head_dim`.
MixerShape window_attention(const LayerPlace& place);   // The window is `sliding_window`.

}  // namespace kv
