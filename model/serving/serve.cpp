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
                .figures =
                    described ? std::vector<std::int64_t>{tensor, model.kv_heads, 1} : std::vector<std::int64_t>{tensor, model.kv_heads}});
    if (model.kv_heads == 0) refuse({.type = Raised::zero_division_error, .raised_in = "VllmConfig", .message = "the model has no heads"});
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
void check_sharing(const ShapedLayer& layer, const AttentionShape& attention, const Backend& backend) {
    if (backend.name != "FLEX_ATTENTION") return;
    const auto none = [](std::string message) {
        refuse({.type = Raised::not_implemented_error, .raised_in = "FlexAttentionImpl", .message = std::move(message)});
    };
    if (attention.caps_logits) none("this backend caps no logits");
    if (layer.shares) none("this backend reads no other layer's cache");
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

using StageLayers = std::vector<const ShapedLayer*>;

// The worker of each stage: its layers, in the model's order, a drafter's behind those of the last stage.
std::vector<StageLayers> layers_by_stage(const ModelShape& model, const Serving& serving) {
    const std::vector<std::int64_t> ends = stage_ends(model.decoder_layers, serving.settings.parallel.pipeline);
    std::vector<StageLayers> stages(ends.size());
    for (const ShapedLayer& layer : model.layers) {
        const auto stage = std::ranges::upper_bound(ends, layer.decoder_layer);
        stages[stage == ends.end() ? ends.size() - 1 : static_cast<std::size_t>(stage - ends.begin())].push_back(&layer);
    }
    if (serving.settings.drafting.method == "mtp")
        for (const ShapedLayer& layer : model.drafter->layers) stages.back().push_back(&layer);
    return stages;
}

// Mirrors resolve_kv_cache_layout: what the workers' backends take must be one list.
CacheLayout layout_of(const std::vector<StageLayers>& stages) {
    const auto packing = std::ranges::count_if(stages, [](const StageLayers& layers) {
        return std::ranges::any_of(layers, [](const ShapedLayer* layer) { return packs_blocks(layer->mixer); });
    });
    if (packing == 0) return CacheLayout::LBNHC;
    if (packing != std::ssize(stages))
        refuse({.type = Raised::assertion_error,
                .raised_in = "resolve_kv_cache_layout",
                .message = "the stages of the pipeline have backends that lay out their caches differently"});
    return CacheLayout::BLHNC;
}

void add_layer(ServedModel& out, std::vector<WorkerLayer>& worker, const Serving& serving, const ShapedLayer& layer) {
    if (const auto* attention = std::get_if<AttentionShape>(&layer.mixer))
        check_sharing(layer, *attention, backend_of(serving, *attention));
    if (layer.shares) {
        out.shared.emplace_back(layer.name, *layer.shares);
        return;
    }
    if (keeps_nothing(layer.mixer)) {
        out.uncached.push_back(layer.name);
        return;
    }
    KvSpec spec = std::visit([&](const auto& shape) { return spec_of(serving, shape); }, layer.mixer);
    std::vector<KvSpec>& known = out.layers.specs;
    const auto same = std::ranges::find(known, spec);
    const auto id = static_cast<SpecId>(same - known.begin());
    if (same == known.end()) known.push_back(std::move(spec));
    worker.push_back({.layer = static_cast<LayerId>(out.layers.names.size()), .spec = id});
    out.layers.names.push_back(layer.name);
}

// Mirrors set_moe_parameters: it asks the first layer with experts that a rank has about them.
void check_experts(const ModelShape& model, const std::vector<std::int64_t>& ends) {
    if (!model.expert_layers) return;
    std::int64_t begin = 0;
    for (const std::int64_t end : ends) {
        const bool any = std::ranges::any_of(*model.expert_layers, [&](std::int64_t layer) { return begin <= layer && layer < end; });
        if (!any)
            refuse({.type = model.without_experts, .raised_in = "set_moe_parameters", .message = "a stage has no layer with experts"});
        begin = end;
    }
}

bool attends(const StageLayers& layers) {
    return std::ranges::any_of(layers, [](const ShapedLayer* layer) { return !std::holds_alternative<StateShape>(layer->mixer); });
}

// Mirrors ParallelConfig, which is settled before there are drafts.
void check_context_share(const Parallel& parallel) {
    if (parallel.tensor % parallel.decode_context != 0)
        refuse({.type = Raised::value_error,
                .raised_in = "ParallelConfig",
                .message = "the tensor parallel ranks do not divide evenly into context parallel ones",
                .figures = {parallel.tensor, parallel.decode_context}});
}

ServedModel served(const Engine& engine, const ModelShape& model, const ServingArguments& arguments) {
    Serving serving{.engine = engine, .model = model, .arguments = arguments, .settings = {}, .resolved = {}};
    resolve_defaults(serving);
    check_context_share(arguments.parallel);
    resolve_drafting(serving);
    check_ranks(model, arguments.parallel, serving.described());
    if (model.refused_when_made) refuse(*model.refused_when_made);
    resolve_states(serving);
    resolve_latent(serving);
    if (model.refused_after_backend) refuse(*model.refused_after_backend);
    std::vector<StageLayers> stages = layers_by_stage(model, serving);
    const CacheLayout layout = layout_of(stages);
    ServedModel out;
    // Each worker resolves its block for the layers that it has; what is said of the model is what the last one resolved.
    for (StageLayers& layers : stages) {
        Serving worker = serving;
        worker.layers = std::move(layers);
        if (model.cache_is_fp8 && !attends(worker.layers)) worker.resolved.cache_dtype = arguments.cache_dtype;  // No layer took it.
        resolve_block(worker);
        align_states(worker);
        std::vector<WorkerLayer>& placed = out.layers.workers.emplace_back();
        for (const ShapedLayer* layer : worker.layers) add_layer(out, placed, worker, *layer);
        out.settings = worker.settings;
        out.resolved = worker.resolved;
    }
    check_experts(model, stage_ends(model.decoder_layers, serving.settings.parallel.pipeline));
    out.settings.layout = layout;
    return out;
}

// Heads whose size follows from how many of them a rank has.
bool divides_by_rank(const ShapedLayer& layer) {
    const auto* attention = std::get_if<AttentionShape>(&layer.mixer);
    return attention != nullptr && attention->rank_width.has_value();
}

ModelShape with_heads_of_rank(ModelShape model, std::int64_t tensor) {
    const auto divide = [&](ShapedLayer& layer) {
        if (!divides_by_rank(layer)) return;
        auto& attention = std::get<AttentionShape>(layer.mixer);
        attention.head_size = std::max<std::int64_t>(1, *attention.rank_width / std::max<std::int64_t>(1, attention.heads / tensor));
    };
    std::ranges::for_each(model.layers, divide);
    if (model.drafter) std::ranges::for_each(model.drafter->layers, divide);
    return model;
}

}  // namespace

std::variant<ServedModel, Refusal> serve(const Engine& engine, const ModelShape& model, const ServingArguments& arguments) {
    try {
        if (std::ranges::none_of(model.layers, divides_by_rank)) return served(engine, model, arguments);
        return served(engine, with_heads_of_rank(model, arguments.parallel.tensor), arguments);
    } catch (RefusedByEngine& refused) {
        return std::move(refused.refusal);
    }
}

}  // namespace kv
