#include "model/rules/hidden_states.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kv {
namespace {

Bytes token_bytes(const KvSpec& spec) {
    const AttentionCache& cache = *attention_of(spec);
    return Bytes{checked_mul(checked_mul(cache.kv_heads, cache.head_size), element_bytes(cache.dtype))};
}

Bytes common_page(const Planning& planning, const std::vector<Group>& groups) {
    const Bytes page = page_of(planning, groups.front());
    for (const Group& group : groups)
        if (page_of(planning, group) != page)
            refuse(
                {.type = Raised::assertion_error, .raised_in = "get_uniform_page_size", .message = "groups have pages of different size"});
    return page;
}

// Mirrors _ensure_min_page_size of vllm 0.32.0.
Bytes grow_to_hold(Planning& planning, std::vector<Group>& groups, Bytes page, Bytes token) {
    if (token <= page) return page;
    const std::int64_t times = ceil_div(token, divisor(page, "cdiv")).value;
    for (Group& group : groups) {
        KvSpec spec = planning.spec(group.spec);
        if (const std::optional<Bytes> padded = padded_page_of(spec)) pad_page(spec, times * *padded);
        const TokensPerBlock block{checked_mul(block_of(spec).value, times)};
        group.spec = planning.intern(with_block(std::move(spec), block));
    }
    return times * page;
}

}  // namespace

std::int64_t largest_divisor_up_to(std::int64_t value, std::int64_t limit) {
    require(value > 0 && limit > 0, "a block size and a limit");
    std::int64_t best = 1;
    for (std::int64_t low = 1; low <= value / low; ++low) {
        if (value % low != 0) continue;
        for (const std::int64_t divisor : {low, value / low})
            if (divisor <= limit) best = std::max(best, divisor);
    }
    return best;
}

std::vector<WorkerLayer> take_hidden_layers(Planning& planning) {
    const auto is_hidden = [&](SpecId id) { return std::holds_alternative<HiddenStateSpec>(planning.spec(id)); };
    std::vector<WorkerLayer> hidden;
    if (std::ranges::none_of(planning.distinct_specs(), is_hidden)) return hidden;
    std::vector<WorkerLayer> others;
    for (const WorkerLayer& layer : planning.layers()) (is_hidden(layer.spec) ? hidden : others).push_back(layer);
    planning.set_layers(std::move(others));
    return hidden;
}

void add_hidden_groups(Planning& planning, std::vector<Group>& groups, const std::vector<WorkerLayer>& hidden) {
    Bytes largest_token;
    for (const WorkerLayer& layer : hidden) largest_token = std::max(largest_token, token_bytes(planning.spec(layer.spec)));
    const Bytes page = grow_to_hold(planning, groups, common_page(planning, groups), largest_token);
    std::int64_t block = 0;
    for (const Group& group : groups) block = std::gcd(block, block_of(planning.spec(group.spec)).value);
    for (const WorkerLayer& layer : hidden) {
        KvSpec spec = planning.spec(layer.spec);
        const std::int64_t tokens_max = std::max<std::int64_t>(page.value / token_bytes(spec).value, 1);
        pad_page(spec, page);
        spec = with_block(std::move(spec), TokensPerBlock{largest_divisor_up_to(block, tokens_max)});
        groups.push_back({.layers = {layer.layer}, .spec = planning.intern(std::move(spec))});
    }
}

}  // namespace kv
