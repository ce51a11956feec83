#include "model/rules/page_unification.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

// How a layer whose page is smaller than the largest is changed; empty: it cannot be.
using Change = std::optional<KvSpec> (*)(const KvSpec&, Bytes page, Bytes largest);

KvSpec scaled(const KvSpec& spec, Bytes page, Bytes largest) {
    return with_block(spec, TokensPerBlock{checked_mul(block_of(spec).value, largest.value / page.value)});
}

std::optional<KvSpec> scale(const KvSpec& spec, Bytes page, Bytes largest) {
    if (largest.value % page.value != 0) return std::nullopt;
    return scaled(spec, page, largest);
}

std::optional<KvSpec> scale_or_pad_page(const KvSpec& spec, Bytes page, Bytes largest) {
    if (std::holds_alternative<MambaSpec>(spec)) return with_padded_page(spec, largest);
    if (largest.value % page.value == 0) return scaled(spec, page, largest);
    if (attention_of(spec) == nullptr || mla_of(spec) != nullptr) return std::nullopt;
    return with_padded_page(spec, largest);
}

std::string name_of_first(const Planning& planning, SpecId id) {
    const auto found = std::ranges::find(planning.layers(), id, &WorkerLayer::spec);
    return planning.model.names[index(found->layer)];
}

std::optional<Refusal> unify(Planning& planning, Change change) {
    const std::vector<SpecId> distinct = planning.distinct_specs();
    std::vector<Bytes> pages;
    for (const SpecId id : distinct) pages.push_back(planning.page(id));
    if (std::ranges::all_of(pages, [&](Bytes page) { return page == pages[0]; })) return std::nullopt;
    const Bytes largest = std::ranges::max(pages);
    std::vector<SpecId> unified;
    for (std::size_t i = 0; i < distinct.size(); ++i) {
        if (pages[i] == largest) {
            unified.push_back(distinct[i]);
            continue;
        }
        static_cast<void>(divisor(pages[i], "unify_kv_cache_spec_page_size"));
        std::optional<KvSpec> changed = change(planning.spec(distinct[i]), pages[i], largest);
        if (!changed)
            return Refusal{.type = Raised::not_implemented_error,
                           .raised_in = "unify_kv_cache_spec_page_size",
                           .message = "a page of " + std::to_string(pages[i].value) + " bytes (" + name_of_first(planning, distinct[i]) +
                                      ") does not divide the largest, " + std::to_string(largest.value) +
                                      " bytes, and cannot be padded to it"};
        if (planning.engine.page_bytes(*changed) != largest)
            refuse({.type = Raised::assertion_error,
                    .raised_in = "unify_kv_cache_spec_page_size",
                    .message = "the page of " + name_of_first(planning, distinct[i]) + " does not grow to " +
                               std::to_string(largest.value) + " bytes with its block"});
        unified.push_back(planning.intern(std::move(*changed)));
    }
    planning.replace_specs(unified);
    return std::nullopt;
}

}  // namespace

std::optional<Refusal> unify_by_scaling(Planning& planning) { return unify(planning, scale); }
std::optional<Refusal> unify_by_scaling_or_padding(Planning& planning) { return unify(planning, scale_or_pad_page); }

}  // namespace kv
