#include "model/settings.h"

#include <algorithm>

namespace kv {

bool uses_eagle(const Drafting& drafting) {
    constexpr std::array<std::string_view, 5> methods{"eagle", "eagle3", "mtp", "dflash", "dspark"};
    return drafting.method && std::ranges::find(methods, *drafting.method) != methods.end();
}

bool drops_eagle_block(const Drafting& drafting) { return uses_eagle(drafting) && !drafting.keeps_last_block; }

// Mirrors VllmConfig.max_concurrent_batches of vllm 0.32.0: a pipeline needs one batch a stage; asynchronous scheduling one more, which
// the older model runner does only without a pipeline.
std::int64_t concurrent_batches(const Settings& settings) {
    const std::int64_t stages = settings.parallel.pipeline;
    if (!settings.async_scheduling) return stages;
    if (settings.v2_runner) return checked_add(stages, 1);
    return stages <= 1 ? 2 : stages;
}

Tokens longest_encoder_input(const Settings& settings) { return settings.encoder_input_max.value_or(settings.encoder_tokens_max); }

Tokens in_flight_max(const Settings& settings) { return concurrent_batches(settings) * settings.batched_max; }

// Mirrors VllmConfig.num_prefill_lookahead_tokens of vllm 0.32.0. Each module of a multi-layer MTP drafter reads one token further.
Tokens prefill_lookahead(const Settings& settings) {
    const Drafting& drafting = settings.drafting;
    if (!uses_eagle(drafting)) return Tokens{0};
    const bool several_modules = drafting.method == "mtp" && std::min(drafting.modules, drafting.tokens) > 1;
    return several_modules ? Tokens{drafting.tokens} : Tokens{1};
}

}  // namespace kv
