#include "model/serving/layer_specs.h"
#include "model/serving/serving.h"

#include <algorithm>

namespace kv {
namespace {

// Mirrors ParallelConfig and ModelConfig.verify_with_parallel_config: ranks that share one head's cache by tokens are ranks that would
// otherwise hold copies of it.
void check_context_ranks(const ModelShape& model, const Parallel& parallel, bool described) {
    const std::int64_t tensor = parallel.tensor, context = parallel.decode_context;
    if (context <= 1 || model.traits.latent) return;
    const Raised type = described ? Raised::value_error : Raised::assertion_error;
    if (tensor <= model.kv_heads)
        refuse({.type = type,
                .raised_in = "VllmConfig",
                .message = "context parallelism needs more tensor parallel ranks than key and value heads",
                .figures = {tensor, model.kv_heads}});
    const std::int64_t most = tensor / model.kv_heads;
    if (context > most)
        refuse({.type = type,
                .raised_in = "VllmConfig",
                .message = "there are more context parallel ranks than copies of a head's cache",
                .figures = {tensor, model.kv_heads, most, context}});
    const std::int64_t queries = model.heads / model.kv_heads;
    if (queries % context != 0)
        refuse({.type = type,
                .raised_in = "VllmConfig",
                .message = "the query heads of a key head do not divide evenly over the context parallel ranks",
                .figures = {queries, context}});
}

// Mirrors ModelConfig.verify_with_parallel_config.
void check_ranks(const ModelShape& model, const Parallel& parallel, bool described) {
    if (parallel.tensor % parallel.decode_context != 0)
        refuse({.type = Raised::value_error,
                .raised_in = "ParallelConfig",
                .message = "the tensor parallel ranks do not divide evenly into context parallel ones",
                .figures = {parallel.tensor, parallel.decode_context}});
    if (model.heads % parallel.tensor != 0)
        refuse({.type = Raised::value_error,
                .raised_in = "VllmConfig",
                .message = "the attention heads do not divide evenly over the tensor parallel ranks",
                .figures = {model.heads, parallel.tensor}});
    if (parallel.pipeline > 1 && !model.traits.pipeline)
        refuse({.type = Raised::not_implemented_error, .raised_in = "VllmConfig", .message = "this model cannot be cut into stages"});
    check_context_ranks(model, parallel, described);
}

// The stages of a pipeline: equal shares of the layers; those left over go to stages before the last, from the back.
std::vector<std::int64_t> stage_ends(std::int64_t layers, std::int64_t stages) {
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(stages), layers / stages);
    const std::int64_t left = layers % stages;
    for (std::int64_t i = 0; i < left; ++i) ++sizes[static_cast<std::size_t>(stages - 2 - i)];
    for (std::size_t i = 1; i < sizes.size(); ++i) sizes[i] += sizes[i - 1];
    return sizes;
}

// What the chosen backend cannot do is told when the layer is made.
void check_sharing(const ShapedLayer& layer, const Backend& backend) {
    const auto& attention = std::get<AttentionShape>(layer.mixer);
    if (backend.name != "FLEX_ATTENTION") return;
    const auto none = [](std::string message) {
        refuse({.type = Raised::not_implemented_error, .raised_in = "FlexAttentionImpl", .message = std::move(message)});
    };
    if (attention.caps_logits) none("this backend caps no logits");
    if (layer.shares) none("this backend reads no other layer's cache");
}

class LayersInService {
public:
    explicit LayersInService(const Serving& serving) : serving_(serving) {
        const Parallel& parallel = serving.settings.parallel;
        ends_ = stage_ends(serving.model.decoder_layers, parallel.pipeline);
        out_.layers.workers.resize(static_cast<std::size_t>(parallel.pipeline));
    }

    void add(const ShapedLayer& layer) {
        const auto* attention = std::get_if<AttentionShape>(&layer.mixer);
        if (attention != nullptr) check_sharing(layer, backend_of(serving_, *attention));
        if (layer.shares) {
            out_.shared.emplace_back(layer.name, *layer.shares);
            return;
        }
        if (attention != nullptr && attention->use == AttentionUse::encoder_only) {
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
        out_.layers.workers[worker].push_back({.layer = static_cast<LayerId>(out_.layers.names.size()), .spec = id});
        out_.layers.names.push_back(layer.name);
    }

    ServedModel take() { return std::move(out_); }

private:
    const Serving& serving_;
    std::vector<std::int64_t> ends_;
    ServedModel out_;
};

ServedModel served(const Engine& engine, const ModelShape& model, const ServingArguments& arguments) {
    Serving serving{.engine = engine, .model = model, .arguments = arguments, .settings = {}, .resolved = {}};
    resolve_defaults(serving);
    check_ranks(model, arguments.parallel, serving.described());
    resolve_states(serving);
    resolve_block(serving);
    align_states(serving);
    LayersInService layers(serving);
    for (const ShapedLayer& layer : model.layers) layers.add(layer);
    if (arguments.drafting.method)
        for (const ShapedLayer& layer : model.draft_layers) layers.add(layer);
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
