#include "model/serving/layer_specs.h"
#include "model/serving/serving.h"

#include <algorithm>

namespace kv {
namespace {

// Mirrors ModelConfig.verify_with_parallel_config.
void check_ranks(const ModelShape& model, const Parallel& parallel) {
    if (model.heads % parallel.tensor != 0)
        refuse({.type = Raised::value_error,
                .raised_in = "VllmConfig",
                .message = "the attention heads do not divide evenly over the tensor parallel ranks",
                .figures = {model.heads, parallel.tensor}});
    if (parallel.pipeline > 1 && !model.traits.pipeline)
        refuse({.type = Raised::not_implemented_error, .raised_in = "VllmConfig", .message = "this model cannot be cut into stages"});
}

// The stages of a pipeline: equal shares of the layers; those left over go to stages before the last, from the back.
std::vector<std::int64_t> stage_ends(std::int64_t layers, std::int64_t stages) {
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(stages), layers / stages);
    const std::int64_t left = layers % stages;
    for (std::int64_t i = 0; i < left; ++i) ++sizes[static_cast<std::size_t>(stages - 2 - i)];
    for (std::size_t i = 1; i < sizes.size(); ++i) sizes[i] += sizes[i - 1];
    return sizes;
}

bool keeps_nothing(const MixerShape& mixer) {
    if (const auto* attention = std::get_if<AttentionShape>(&mixer)) return attention->use == AttentionUse::encoder_only;
    const auto* compressed = std::get_if<CompressedShape>(&mixer);
    const auto* latent = compressed == nullptr ? nullptr : std::get_if<CompressedLatentShape>(compressed);
    return latent != nullptr && latent->ratio == 1;
}

// An indexer of compressed vectors reads pages that lie beside those vectors, within a block.
bool packs_blocks(const MixerShape& mixer) {
    const auto* compressed = std::get_if<CompressedShape>(&mixer);
    return compressed != nullptr && std::holds_alternative<CompressedIndexerShape>(*compressed);
}

class LayersInService {
public:
    explicit LayersInService(const Serving& serving) : serving_(serving) {
        const Parallel& parallel = serving.settings.parallel;
        ends_ = stage_ends(serving.model.decoder_layers, parallel.pipeline);
        out_.layers.workers.resize(static_cast<std::size_t>(parallel.pipeline));
        packed_.resize(out_.layers.workers.size());
    }

    void add(const ShapedLayer& layer) {
        if (layer.shares) {
            out_.shared.emplace_back(layer.name, *layer.shares);
            return;
        }
        if (keeps_nothing(layer.mixer)) {
            out_.uncached.push_back(layer.name);
            return;
        }
        KvSpec spec = std::visit([&](const auto& shape) { return spec_of(serving_, shape); }, layer.mixer);
        std::vector<KvSpec>& known = out_.layers.specs;
        const auto same = std::ranges::find(known, spec);
        const auto id = static_cast<SpecId>(same - known.begin());
        if (same == known.end()) known.push_back(std::move(spec));
        const auto stage = std::ranges::upper_bound(ends_, layer.decoder_layer);
        const std::size_t worker = stage == ends_.end() ? ends_.size() - 1 : static_cast<std::size_t>(stage - ends_.begin());
        if (packs_blocks(layer.mixer)) packed_[worker] = true;
        out_.layers.workers[worker].push_back({.layer = static_cast<LayerId>(out_.layers.names.size()), .spec = id});
        out_.layers.names.push_back(layer.name);
    }

    // Mirrors resolve_kv_cache_layout: what the workers' backends take must be one list.
    CacheLayout layout() const {
        const auto packing = std::ranges::count(packed_, true);
        if (packing == 0) return CacheLayout::LBNHC;
        if (packing != std::ssize(packed_))
            refuse({.type = Raised::assertion_error,
                    .raised_in = "resolve_kv_cache_layout",
                    .message = "the stages of the pipeline have backends that lay out their caches differently"});
        return CacheLayout::BLHNC;
    }
    ServedModel take() { return std::move(out_); }

private:
    const Serving& serving_;
    std::vector<std::int64_t> ends_;
    std::vector<bool> packed_;  // By worker: its layers' pages lie side by side within a block.
    ServedModel out_;
};

ServedModel served(const Engine& engine, const ModelShape& model, const ServingArguments& arguments) {
    Serving serving{.engine = engine, .model = model, .arguments = arguments, .settings = {}, .resolved = {}};
    resolve_defaults(serving);
    resolve_drafting(serving);
    check_ranks(model, arguments.parallel);
    resolve_states(serving);
    if (model.failure && !model.failure->after_backend) refuse(model.failure->refusal);
    resolve_latent(serving);
    resolve_block(serving);
    if (model.failure) refuse(model.failure->refusal);
    align_states(serving);
    LayersInService layers(serving);
    for (const ShapedLayer& layer : model.layers) layers.add(layer);
    if (serving.settings.drafting.method == "mtp")
        for (const ShapedLayer& layer : model.drafter->layers) layers.add(layer);
    serving.settings.layout = layers.layout();
    ServedModel out = layers.take();
    out.settings = serving.settings;
    out.resolved = serving.resolved;
    return out;
}

}  // namespace

std::variant<ServedModel, Refusal> serve(const Engine& engine, const ModelShape& model, const ServingArguments& arguments) {
    try {
        return served(engine, model, arguments);
    } catch (RefusedByEngine& refused) {
        return std::move(refused.refusal);
    }
}

}  // namespace kv
