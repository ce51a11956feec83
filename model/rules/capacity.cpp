#include "model/rules/capacity.h"

#include <algorithm>
#include <cmath>

namespace kv {
namespace {

void refuse_division(std::string_view raised_in) {
    refuse({.type = Raised::zero_division_error,
            .raised_in = raised_in,
            .message = "one request holds no block: the concurrency is a division by zero"});
}

const KvSpec& spec_of(const Reporting& report, const Group& group) { return report.planning.spec(group.spec); }

Tokens smallest_block(const Reporting& report) {
    std::int64_t smallest = block_of(spec_of(report, report.groups[0])).value;
    for (const Group& group : report.groups) smallest = std::min(smallest, block_of(spec_of(report, group)).value);
    return Tokens{smallest};
}

template <class Grows>
Tokens over_groups_that(const Reporting& report, Grows grows) {
    std::int64_t growing = 0;
    for (const Group& group : report.groups) growing += grows(spec_of(report, group)) ? 1 : 0;
    const std::int64_t groups = growing > 0 ? growing : std::ssize(report.groups);
    const Tokens tokens = (report.blocks.value / groups) * smallest_block(report);
    return report.planning.settings.parallel.context() * tokens;
}

bool state_grows(const KvSpec& spec) {
    const auto* mamba = std::get_if<MambaSpec>(&spec);
    return mamba != nullptr && mamba->mode == MambaMode::all;
}

Bytes pool_bytes(const Reporting& report) {
    const Bytes block = report.planning.engine.block_bytes(report.planning, report.groups);
    return Bytes{checked_mul(report.blocks.value, block.value)};
}

Bytes token_bytes(const Reporting& report, SpecId id) {
    const KvSpec& spec = report.planning.spec(id);
    return Bytes{ceil_div(report.planning.page(id).value, block_of(spec).value)};
}

Tokens at_rate(const Reporting& report, Bytes token) { return Tokens{token > Bytes{0} ? pool_bytes(report).value / token.value : 0}; }

}  // namespace

double concurrency_by_bytes(const Reporting& report) {
    std::size_t layers = 0;
    for (const Group& group : report.groups) layers = std::max(layers, group.layers.size());
    const auto layer_count = static_cast<std::int64_t>(layers);
    Bytes request;
    for (const Group& group : report.groups) request += request_bytes_of(report.planning, group);
    const Bytes block = layer_count * page_of(report.planning, report.groups[0]);
    const Blocks per_request = ceil_div(layer_count * request, divisor(block, "cdiv"));
    if (per_request == Blocks{0}) refuse_division("get_max_concurrency_for_kv_cache_config");
    return exact_quotient(report.blocks.value, per_request.value);
}

double concurrency_by_blocks(const Reporting& report) {
    Blocks per_request;
    for (const Group& group : report.groups) per_request += request_blocks_of(report.planning, group);
    if (per_request == Blocks{0}) refuse_division("get_max_concurrency_for_kv_cache_config");
    return exact_quotient(report.blocks.value, per_request.value);
}

Tokens smallest_block_over_all(const Reporting& report, double) {
    return over_groups_that(report, [](const KvSpec&) { return true; });
}

Tokens smallest_block_over_growing_attention(const Reporting& report, double) {
    return over_groups_that(report, [](const KvSpec& spec) { return attention_of(spec) != nullptr || state_grows(spec); });
}

Tokens smallest_block_over_positive_list(const Reporting& report, double) {
    return over_groups_that(report, [](const KvSpec& spec) { return full_of(spec) != nullptr || state_grows(spec); });
}

Tokens smallest_block_over_negative_list(const Reporting& report, double) {
    return over_groups_that(report, [](const KvSpec& spec) {
        const bool bounded = sliding_of(spec) != nullptr || std::holds_alternative<ChunkedLocalSpec>(spec) ||
                             std::holds_alternative<EncoderOnlySpec>(spec) || std::holds_alternative<CrossSpec>(spec) ||
                             (std::holds_alternative<MambaSpec>(spec) && !state_grows(spec));
        return !bounded;
    });
}

Tokens concurrency_times_length(const Reporting& report, double concurrency) {
    const double tokens = concurrency * static_cast<double>(report.planning.settings.model_len_max.value);
    constexpr double past_int64 = 9223372036854775808.0;
    if (tokens >= past_int64) throw_overflow(static_cast<std::int64_t>(concurrency), '*', report.planning.settings.model_len_max.value);
    return Tokens{static_cast<std::int64_t>(tokens)};
}

Tokens all_blocks_by_smallest(const Reporting& report, double) { return report.blocks.value * smallest_block(report); }

Tokens bytes_over_attention_rate(const Reporting& report, double) {
    Bytes token;
    for (const Group& group : report.groups) {
        const std::int64_t layers_of_one_spec = group.bundle ? 1 : std::ssize(group.layers);
        for (const SpecId id : specs_of(group))
            if (attention_of(report.planning.spec(id)) != nullptr) token += layers_of_one_spec * token_bytes(report, id);
    }
    return at_rate(report, token);
}

Tokens bytes_over_layer_rate(const Reporting& report, double) {
    Bytes largest;
    std::int64_t layers = 0;
    for (const Group& group : report.groups) {
        layers += std::ssize(group.layers);
        for (const SpecId id : specs_of(group))
            if (attention_of(report.planning.spec(id)) != nullptr) largest = std::max(largest, token_bytes(report, id));
    }
    return at_rate(report, layers * largest);
}

namespace {

// Bytes of a layer's part of a request of the longest length, a window no longer than what it sees.
Bytes priced_at_width(const Reporting& report, SpecId id) {
    const KvSpec& spec = report.planning.spec(id);
    const FullSpec* full = full_of(spec);
    const Tokens length = report.planning.settings.model_len_max;
    if (full == nullptr || (!full->window && !full->chunk)) return report.planning.request_bytes(id);
    const Tokens seen = std::min(full->window.value_or(length), full->chunk.value_or(length));
    return ceil_div(std::min(seen, length), full->cache.block).value * report.planning.page(id);
}

}  // namespace

// Each layer by its own spec: a group that full layers and such windows share has only one.
Tokens windows_at_their_width(const Reporting& report, double) {
    std::vector<char> held(report.planning.model.names.size(), 0);
    for (const Group& group : report.groups)
        for (const LayerId layer : group.layers) held[index(layer)] = 1;
    Bytes request;
    for (const WorkerLayer& layer : report.planning.layers())
        if (held[index(layer.layer)] != 0) request += priced_at_width(report, layer.spec);
    if (request == Bytes{0}) refuse_division("windows-at-their-width");
    return concurrency_times_length(report, exact_quotient(pool_bytes(report).value, request.value));
}

Tokens states_by_sequences_twice(const Reporting& report, double concurrency) {
    const auto holds_states = [&](const Group& group) { return std::holds_alternative<MambaSpec>(spec_of(report, group)); };
    const bool states = std::ranges::any_of(report.groups, holds_states);
    const Tokens tokens = concurrency_times_length(report, concurrency);
    return states ? Tokens{tokens.value / std::max<std::int64_t>(report.planning.settings.sequences_max, 1)} : tokens;
}

}  // namespace kv
