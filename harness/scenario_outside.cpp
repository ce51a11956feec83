#include "harness/scenario_outside.h"

#include <algorithm>

namespace kv {

// Tokens that were hit here are not loaded. A load that is part of the request's step leaves it a token to compute.
ExternalTokens ScenarioOutside::external(RequestId request, std::int64_t hit) {
    const ScenarioRequest& said = requests_.listed(request);
    State& own = state(request);
    const bool waits = said.external_steps > 0;
    if (own.failed || (said.external_fails && !waits)) return {};
    const std::int64_t most = waits ? said.prompt.value : said.prompt.value - 1;
    const std::int64_t tokens = std::min(said.external.value, most) - hit;
    if (tokens <= 0) return {};
    own.hit = hit;
    own.due = checked_add(step_, said.external_steps);
    ExternalTokens external{.tokens = tokens, .waits = waits};
    if (said.external_block) external.source_block = said.external_block->value;
    if (said.external_end) external.source_end = said.external_end->value;
    return external;
}

std::optional<std::int64_t> ScenarioOutside::loaded(RequestId request, std::int64_t tokens) {
    State& own = state(request);
    if (step_ < own.due) return std::nullopt;
    if (!requests_.listed(request).external_fails) return tokens;
    own.failed = true;
    return own.hit;
}

std::int64_t ScenarioOutside::accepted(RequestId request, std::int64_t drafts) {
    const std::span<const std::int64_t> pattern = requests_.accepted(requests_.listed(request));
    if (pattern.empty()) return drafts;
    return std::min(pattern[state(request).decoded++ % pattern.size()], drafts);
}

std::int64_t ScenarioOutside::proposed(RequestId request, std::int64_t drafts_max) {
    const std::span<const std::int64_t> pattern = requests_.drafted(requests_.listed(request));
    if (pattern.empty()) return drafts_max;
    return std::min(pattern[state(request).put_out++ % pattern.size()], drafts_max);
}

}  // namespace kv
