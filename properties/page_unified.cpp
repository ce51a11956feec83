#include "properties/page_unified.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 3> bugs{"B37", "B38", "R12"};

}  // namespace

const PropertyText PageUnified::text{
    .id = PropertyId::page_unified,
    .statement =
        "the groups of one pool have pages of one size, pages that could be made equal are, and a group stores what its layers ask for",
    .why = "one group's block runs into another's, or the engine does not start",
    .not_checked = "how much padding is too much: `plan` prints it",
    .bugs = bugs};

void PageUnified::see(const PlanMade& event, const Ledger&, Findings& findings) {
    std::optional<Bytes> page;
    for (std::size_t index = 0; index < event.groups.size(); ++index) {
        const GroupFacts& group = event.groups[index];
        if (group.sink_layers > 0 && group.sink.value == 0)
            findings.add({.property = text.id,
                          .group = static_cast<std::int64_t>(index),
                          .message = fmt::format("{} of {} layers share their first tokens with all requests, and their group does not",
                                                 group.sink_layers, group.layers)});
        if (!group.page || group.bundle) continue;
        if (!page) page = group.page;
        if (*group.page == *page) continue;
        findings.add({.property = text.id,
                      .group = static_cast<std::int64_t>(index),
                      .page = group.page->value,
                      .message = fmt::format("a page of {} bytes beside pages of {} in one pool", group.page->value, page->value)});
    }
}

void PageUnified::see(const PlanRefused& event, const Ledger&, Findings& findings) {
    if (event.raised_in != "unify_kv_cache_spec_page_size") return;
    Finding finding{.property = text.id};
    if (!event.figures.empty()) finding.page = event.figures.front();
    finding.message = fmt::format("the engine does not start: {}", event.message);
    findings.add(std::move(finding));
}

}  // namespace kv
