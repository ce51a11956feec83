// What an engine takes where nobody asks, as its HTTP server does on a GPU with 80 GB.
#include "model/serving/layer_specs.h"

namespace kv {
namespace {

constexpr Tokens server_batch{8192};
constexpr std::int64_t server_sequences = 1024;

DType model_dtype(const Serving& serving) {
    if (serving.arguments.dtype) return *serving.arguments.dtype;
    const DType of_checkpoint = serving.model.dtype.value_or(DType::float32);
    if (of_checkpoint != DType::float32) return of_checkpoint;
    return serving.model.traits.runner == Runner::pooling ? DType::float16 : DType::bfloat16;
}

}  // namespace

void resolve_defaults(Serving& serving) {
    const ServingArguments& arguments = serving.arguments;
    const ModelTraits& traits = serving.model.traits;
    Settings& settings = serving.settings;
    serving.resolved.dtype = model_dtype(serving);
    serving.resolved.cache_dtype = arguments.cache_dtype;
    settings.parallel = arguments.parallel;
    settings.length = arguments.length;
    settings.model_len_max = arguments.model_len_max.value_or(serving.model.length_max.value_or(Tokens{2048}));
    if (arguments.length == LengthChoice::fitted_to_memory) settings.model_len_max = serving.model.length_max.value_or(Tokens{2048});
    settings.batched_max = arguments.batched_max.value_or(server_batch);
    settings.encoder_tokens_max = settings.batched_max;
    settings.sequences_max = arguments.sequences_max.value_or(server_sequences);
    settings.hybrid_manager = arguments.hybrid_manager;
    settings.drafting = arguments.drafting;
    settings.drafting.modules = std::max<std::int64_t>(1, serving.model.draft_modules);
    settings.model_type = serving.model.model_type;
    const bool pooling = traits.runner == Runner::pooling;
    serving.resolved.chunked_prefill = !pooling && !traits.encoder_decoder;
    settings.prefix_caching = arguments.prefix_caching.value_or(true) && serving.resolved.chunked_prefill;
    settings.async_scheduling = serving.described() && !pooling;
    settings.v2_runner = serving.described();
    settings.block = arguments.block.value_or(TokensPerBlock{16});
}

}  // namespace kv
