#include "model/rules/admission.h"

#include <algorithm>

namespace kv {

void kinds_of_first_release(const Planning& planning) {
    for (const WorkerLayer& layer : planning.layers()) {
        const KvSpec& spec = planning.spec(layer.spec);
        const bool later = std::holds_alternative<RswaSpec>(spec) || std::holds_alternative<HiddenStateSpec>(spec) ||
                           std::holds_alternative<SlidingWindowMlaSpec>(spec) || std::holds_alternative<CircularBufferSpec>(spec) ||
                           std::holds_alternative<CustomSpec>(spec);
        if (later)
            refuse({.type = Raised::not_implemented_error,
                    .raised_in = "get_kv_cache_configs",
                    .message = "this engine has no layers of kind " + std::string(kind_of(spec)),
                    .layer = planning.model.names[index(layer.layer)]});
    }
}

void kinds_registered(const Planning& planning) {
    for (const WorkerLayer& layer : planning.layers()) {
        const KvSpec& spec = planning.spec(layer.spec);
        if (std::holds_alternative<EncoderOnlySpec>(spec))
            refuse({.type = Raised::value_error,
                    .raised_in = "check_kv_cache_spec_registry",
                    .message = "no manager is registered for layers of kind " + std::string(kind_of(spec)),
                    .layer = planning.model.names[index(layer.layer)]});
    }
}

void retain_nothing(Planning&) {}

void retain_for_drafters(Planning& planning) {
    const Tokens lookahead = prefill_lookahead(planning.settings);
    const Tokens extra{std::max<std::int64_t>(lookahead.value - 1, 0)};
    std::vector<SpecId> retained;
    bool changed = false;
    for (const SpecId id : planning.distinct_specs()) {
        KvSpec spec = planning.spec(id);
        SlidingWindowSpec* sliding = sliding_of(spec);
        if (sliding == nullptr || sliding->extra_retained == extra) {
            retained.push_back(id);
            continue;
        }
        changed = true;
        sliding->extra_retained = extra;
        retained.push_back(planning.intern(realigned(std::move(spec))));
    }
    if (changed) planning.replace_specs(retained);
}

Bytes need_of_first_group(const Planning& planning, std::span<const Group> groups) {
    if (groups.empty()) return Bytes{0};
    if (groups.size() == 1 && groups[0].bundle) {
        Bytes need;
        for (const SpecId id : specs_of(groups[0])) need += planning.request_bytes(id);
        return need;
    }
    const Bytes block = planning.engine.block_bytes(planning, groups);
    const Bytes page = page_of(planning, groups[0]);
    const Blocks blocks = ceil_div(request_bytes_of(planning, groups[0]), divisor(page, "cdiv"));
    return blocks.value * block;
}

Bytes need_of_all_groups(const Planning& planning, std::span<const Group> groups) {
    if (groups.empty()) return Bytes{0};
    const Bytes block = planning.engine.block_bytes(planning, groups);
    Blocks blocks;
    for (const Group& group : groups) blocks += request_blocks_of(planning, group);
    return blocks.value * block;
}

std::span<const Group> scope_worker(std::span<const Group>, std::span<const Group> worker) { return worker; }
std::span<const Group> scope_model(std::span<const Group> model, std::span<const Group>) { return model; }

Bytes memory_as_profiled(const Planning&, std::span<const Group>, Bytes memory) { return memory; }

Bytes memory_of_override(const Planning& planning, std::span<const Group> groups, Bytes memory) {
    const std::optional<Blocks> blocks = planning.settings.blocks_override;
    if (!blocks || groups.empty()) return memory;
    const Bytes block = planning.engine.block_bytes(planning, groups);
    return *blocks * divisor(block, "get_kv_cache_configs");  // The engine logs what the memory alone would have given.
}

Bytes all_memory(const Planning&, std::span<const Group>, Bytes memory) { return memory; }

Bytes memory_less_a_block(const Planning& planning, std::span<const Group> groups, Bytes memory) {
    if (groups.empty()) return memory;
    return memory - planning.engine.block_bytes(planning, groups);
}

}  // namespace kv
