#include "scenarios/hub/model_import.h"

#include "scenarios/hub/architecture.h"
#include "scenarios/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace kv {

std::span<const ArchitectureFamily> architecture_families() {
    static const std::array all{dense_family(), further_family(), windowed_family(), latent_family(), compressed_family(),
                                state_family(), pattern_family(), delta_family(),    kimi_family(),   encoder_family()};
    return all;
}

namespace {

constexpr std::size_t architectures_max = 16;

const Architecture* entry_of(std::string_view name, ModelClasses classes) {
    for (const ArchitectureFamily& family : architecture_families())
        for (const Architecture& entry : family.architectures)
            if (entry.name == name && in_release(entry.release, classes)) return &entry;
    return nullptr;
}

bool known_elsewhere(std::string_view name) {
    return std::ranges::any_of(architecture_families(), [&](const ArchitectureFamily& family) {
        return std::ranges::find(family.architectures, name, &Architecture::name) != family.architectures.end();
    });
}

const ConfigType* type_of(std::string_view model_type, ModelClasses classes) {
    for (const ArchitectureFamily& family : architecture_families())
        for (const ConfigType& type : family.types)
            if (type.model_type == model_type && in_release(type.release, classes)) return &type;
    return nullptr;
}

std::span<const TypeDefault> defaults_of(const ConfigType* type) {
    return type == nullptr ? std::span<const TypeDefault>() : type->defaults;
}

std::string nearest_architecture(std::string_view name) {
    std::vector<std::string_view> all;
    for (const ArchitectureFamily& family : architecture_families())
        for (const Architecture& entry : family.architectures) all.push_back(entry.name);
    return nearest(name, all);
}

// "{i}": the layer; "{i+n}": the layer after `offset` others.
std::string name_of_part(std::string_view form, std::int64_t layer, std::int64_t offset) {
    std::string name;
    for (std::size_t at = 0; at < form.size();) {
        const std::string_view rest = form.substr(at);
        if (rest.starts_with("{i}")) {
            name += std::to_string(layer);
            at += 3;
        } else if (rest.starts_with("{i+n}")) {
            name += std::to_string(layer + offset);
            at += 5;
        } else {
            name += form[at++];
        }
    }
    return name;
}

std::vector<ShapedLayer> shaped_layers(const ConfigView& view, const std::vector<LayerKind>& kinds, std::span<const LayerPart> parts) {
    std::vector<ShapedLayer> layers;
    for (std::size_t i = 0; i < kinds.size() && view.root.errors().none(); ++i) {
        const auto layer = static_cast<std::int64_t>(i);
        const LayerPlace place{.config = view, .layer = layer, .layers = static_cast<std::int64_t>(kinds.size()), .kind = kinds[i]};
        for (const LayerPart& part : parts)
            if (part.kind == kinds[i])
                layers.push_back(
                    {.name = name_of_part(part.name, layer, place.layers), .decoder_layer = layer, .mixer = part.shape(place)});
    }
    return layers;
}

std::optional<DType> config_dtype(const ConfigObject& object) {
    for (const std::string_view key : {"dtype", "torch_dtype"}) {
        const auto name = object.word_if(key);
        if (!name || (object.find(key) && object.find(key)->kind() != JsonKind::string)) continue;
        if (const auto dtype = dtype_named(*name)) return dtype;
        object.note(key, "expected an element type such as \"bfloat16\", without \"torch.\"");  // Which the engines refuse, too.
    }
    return std::nullopt;
}

class Importer {
public:
    Importer(JsonValue config, ModelClasses classes) : config_(config), classes_(classes) {}

    ImportedModel result() {
        const JsonValue root = config_;
        if (root.kind() != JsonKind::object)
            return Diagnostics{config_.document().diagnostic(root, "expected a model's config: an object")};
        const std::string architecture = named_architecture(root);
        if (!errors_.none()) return errors_.take();
        find_entry(architecture);
        if (entry_ == nullptr && known_elsewhere(architecture)) return other_release(architecture);
        if (entry_ == nullptr) return unknown(architecture, root);
        if (!root.member("model_type"))
            return Refusal{.type = Raised::value_error,
                           .raised_in = "ModelConfig",
                           .message = "a model whose config says no `model_type` is not recognised"};
        try {
            ModelShape shape = shaped(root);
            if (errors_.none()) return shape;
        } catch (RefusedByEngine& refused) {
            if (errors_.none()) return std::move(refused.refusal);  // What an engine says to a stand-in is no answer.
        }
        return errors_.take();
    }

private:
    std::string named_architecture(JsonValue root) {
        const auto list = root.member("architectures");
        const std::vector<JsonValue> names =
            list && list->kind() != JsonKind::null ? read_array(*list, architectures_max, errors_) : std::vector<JsonValue>();
        if (!names.empty()) return read_string(names.front(), errors_);
        const auto type = root.member("model_type");
        const ConfigType* known = type && type->kind() == JsonKind::string ? type_of(type->string(), classes_) : nullptr;
        if (known != nullptr && !known->base.empty()) return std::string(known->base);
        if (errors_.none())
            errors_.note(list ? *list : root, "`architectures` names no class: expected the model's, as in [\"LlamaForCausalLM\"]");
        return {};
    }

    // A decoder without a head for words is served as one that gives vectors: "Qwen3Model" as what "Qwen3ForCausalLM" is made of.
    void find_entry(const std::string& architecture) {
        entry_ = entry_of(architecture, classes_);
        constexpr std::string_view end = "Model";
        if (entry_ != nullptr || !architecture.ends_with(end)) return;
        const std::string stem = architecture.substr(0, architecture.size() - end.size());
        entry_ = entry_of(stem + "ForCausalLM", classes_);
        if (entry_ == nullptr) entry_ = entry_of(stem + "ForConditionalGeneration", classes_);
        pools_ = entry_ != nullptr;
    }

    ImportedModel unknown(const std::string& name, JsonValue root) const {
        const std::string meant = nearest_architecture(name);
        const auto list = root.member("architectures");
        const bool named = list && list->kind() == JsonKind::array && list->size() > 0;
        const JsonValue place = named ? list->elements().front() : root;
        return UnknownArchitecture{
            .name = name,
            .diagnostic = config_.document().diagnostic(
                place, fmt::format("this architecture is not known{}; state its layers in a scenario file ([[model.layer]], as "
                                   "scenarios/plans/qwen3.5-27b.toml does): their kind, heads, sizes, and which layers they are",
                                   meant.empty() ? "" : fmt::format(" (\"{}\" is)", meant)))};
    }

    static ImportedModel other_release(const std::string& name) {
        return Refusal{.type = Raised::value_error,
                       .raised_in = "ModelConfig",
                       .message = fmt::format("this release does not have the architecture {}", name)};
    }

    ModelShape shaped(JsonValue root) {
        const auto word = [&](JsonValue object, std::string_view key) {
            const auto value = object.member(key);
            return value && value->kind() != JsonKind::null ? read_string(*value, errors_) : std::string();
        };
        const std::string root_type = word(root, "model_type");
        const ConfigObject whole(root, true, defaults_of(type_of(root_type, classes_)), errors_);
        auto nested = entry_->text.empty() ? std::optional(root) : root.member(entry_->text);
        const bool at_root = !nested && entry_->text_at_root;
        if (at_root) nested = root;
        const bool there = nested && nested->kind() == JsonKind::object;
        if (nested && nested->kind() != JsonKind::object && nested->kind() != JsonKind::null) errors_.note_expected(*nested, "an object");
        std::string text_type = there && !at_root ? word(*nested, "model_type") : std::string();
        if (text_type.empty()) text_type = entry_->text_type;
        const ConfigType* const type = type_of(text_type, classes_);
        const ConfigObject text(there ? *nested : root, there, defaults_of(type), errors_);
        ConfigView view{.root = whole, .text = text, .classes = classes_, .text_type = type};
        check_config(view);
        read_windows(view);

        ModelShape shape{.architecture = std::string(entry_->chosen.empty() ? entry_->name : entry_->chosen),
                         .model_type = root_type,
                         .traits = entry_->traits};
        if (pools_) shape.traits.runner = Runner::pooling;
        const std::int64_t layers = entry_->layers != nullptr ? entry_->layers(view) : text.size("num_hidden_layers", config_layers_max);
        if (!errors_.none()) return shape;
        shape.decoder_layers = layers;
        heads_of(text, shape);
        shape.dtype = config_dtype(whole);
        if (!shape.dtype) shape.dtype = config_dtype(text);
        shape.length_max = longest_request(view);
        read_quantization(view, shape);
        try {
            shape.layers = shaped_layers(view, entry_->kinds(view, layers), entry_->parts);
            shape.drafter = drafter(view, layers);
            if (entry_->adjust != nullptr && errors_.none()) entry_->adjust(view, shape);
        } catch (RefusedByEngine& refused) {
            if (refused.refusal.raised_in == "ModelConfig") throw;
            shape.refused_when_made = std::move(refused.refusal);
        }
        return shape;
    }

    std::optional<DrafterShape> drafter(const ConfigView& view, std::int64_t layers) const {
        const DraftForm& form = entry_->draft;
        const std::string type = view.root.word_if("model_type").value_or("");
        if (form.parts.empty() || !in_release(form.release, view.classes)) return std::nullopt;
        if (!form.model_types.empty() && std::ranges::find(form.model_types, type) == form.model_types.end()) return std::nullopt;
        DrafterShape out{.pipeline = form.pipeline};
        if (form.always > 0) out.predicts = form.always;
        else out.predicts = view.text.count_if(form.count_key, config_layers_max);
        if (!out.predicts && form.otherwise == 0) out.raises = Raised::attribute_error;
        out.modules = form.always > 0 ? form.always : view.root.count_if("num_nextn_predict_layers", config_layers_max).value_or(1);
        out.layers = draft_layers(view, {.layers = layers, .count = out.predicts.value_or(form.otherwise)});
        return out;
    }

    struct DraftCount {
        std::int64_t layers, count;  // Of the model; of the drafter.
    };
    std::vector<ShapedLayer> draft_layers(const ConfigView& view, DraftCount of) const {
        std::vector<ShapedLayer> drafts;
        const DraftForm& form = entry_->draft;
        const std::int64_t first = form.first != nullptr ? form.first(view) : of.layers;
        for (std::int64_t i = 0; i < of.count && errors_.none(); ++i)
            for (const LayerPart& part : form.parts) {
                if (form.kind != nullptr && form.kind(view) != part.kind) continue;
                const LayerPlace place{.config = view, .layer = of.layers + i, .layers = of.layers, .kind = part.kind};
                drafts.push_back({.name = name_of_part(part.name, i, first), .decoder_layer = of.layers + i, .mixer = part.shape(place)});
            }
        return drafts;
    }

    static void heads_of(const ConfigObject& text, ModelShape& shape) {
        // A model without attention has none: no number of ranks is refused for them.
        shape.heads = text.size_if("num_attention_heads").value_or(0);
        shape.kv_heads = text.size_if("num_key_value_heads").value_or(shape.heads);
        const std::int64_t derived = shape.heads == 0 ? 0 : text.size_if("hidden_size").value_or(0) / shape.heads;
        shape.head_size = text.size_if("head_dim").value_or(derived);
    }

    JsonValue config_;
    ModelClasses classes_;
    const Architecture* entry_ = nullptr;
    bool pools_ = false;
    JsonErrors errors_;
};

}  // namespace

bool is_model_config(JsonValue root) { return root.member("architectures").has_value() || root.member("model_type").has_value(); }

ImportedModel import_model(JsonValue config, ModelClasses classes) { return Importer(config, classes).result(); }

}  // namespace kv
