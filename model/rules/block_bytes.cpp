#include "model/rules/block_bytes.h"

#include <algorithm>
#include <numeric>

namespace kv {
namespace {

void refuse_division(std::string_view raised_in) {
    refuse({.type = Raised::zero_division_error, .raised_in = raised_in, .message = "a page or block of 0 bytes divides the memory"});
}

std::int64_t aligned(std::int64_t bytes, std::int64_t alignment) {
    if (alignment == 0) refuse_division("round_up");
    return round_up(bytes, alignment);
}

}  // namespace

Bytes stride_alignment(const Planning& planning, SpecId id) {
    const KvSpec& spec = planning.spec(id);
    const StrideAlignment alignment = stride_alignment_of(spec);
    if (!alignment.kernel_block) return alignment.bytes.value_or(Bytes{1});
    const std::int64_t kernel_block = std::gcd(alignment.kernel_block->value, block_of(spec).value);
    if (kernel_block == block_of(spec).value) return Bytes{1};
    return planning.engine.page_bytes(with_block(spec, TokensPerBlock{kernel_block}));
}

Bytes aligned_page(const Planning& planning, SpecId id) {
    const Bytes page = planning.page(id);
    return Bytes{aligned(page.value, stride_alignment(planning, id).value)};
}

// What one block of the general case takes. 0.18.0 never asks for it by name; its block count divides by the same bytes.
Bytes widest_group_of_equal_pages(const Planning& planning, std::span<const Group> groups) {
    if (groups.size() == 1 && groups[0].bundle) return page_of(planning, groups[0]);
    std::size_t layers = 0;
    for (const Group& group : groups) {
        layers = std::max(layers, group.layers.size());
        if (page_of(planning, group) != page_of(planning, groups[0]))
            refuse(
                {.type = Raised::assertion_error, .raised_in = "get_uniform_page_size", .message = "groups have pages of different size"});
    }
    return static_cast<std::int64_t>(layers) * page_of(planning, groups[0]);
}

Bytes widest_group_aligned(const Planning& planning, std::span<const Group> groups) {
    const bool outermost = is_block_outermost(planning.settings.layout);
    Bytes widest;
    for (const Group& group : groups) {
        Bytes bytes;
        if (!group.bundle && !group.layers.empty())
            bytes = std::ssize(group.layers) * (outermost ? planning.page(group.spec) : aligned_page(planning, group.spec));
        else
            for (const LayerId layer : group.layers) {
                const SpecId spec = spec_of_layer(group, layer);
                bytes += outermost ? planning.page(spec) : aligned_page(planning, spec);
            }
        widest = std::max(widest, bytes);
    }
    if (!outermost) return widest;
    if (widest <= Bytes{0})
        refuse({.type = Raised::assertion_error,
                .raised_in = "_get_kv_cache_bytes_per_block",
                .message = "a worker without layers has no block"});
    std::int64_t alignment = 1;
    for (const Group& group : groups) {
        if (group.layers.empty()) continue;
        for (const SpecId spec : specs_of(group)) alignment = checked_lcm(alignment, stride_alignment(planning, spec).value);
    }
    return Bytes{aligned(widest.value, alignment)};
}

}  // namespace kv
