#include "properties/ranks_agree.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 3> bugs{"B18", "B39", "B57"};

}  // namespace

const PropertyText RanksAgree::text{
    .id = PropertyId::ranks_agree,
    .statement = "ranks that meet in a collective have chosen the same graph, the same padded size and as many micro-batches",
    .why = "they wait for each other for ever",
    .not_checked = "how long they wait: time is not judged here",
    .bugs = bugs};

void RanksAgree::see(const PlanMade& event, const Ledger&, Findings& findings) {
    for (std::size_t worker = 1; worker < event.workers.size(); ++worker) {
        if (event.workers[worker].blocks == event.workers[0].blocks) continue;
        findings.add({.property = text.id,
                      .needed = event.workers[0].blocks.value,
                      .blocks = event.workers[worker].blocks.value,
                      .message = fmt::format("pipeline stage {} has {} blocks, and the first {}", worker,
                                             event.workers[worker].blocks.value, event.workers[0].blocks.value)});
    }
}

void RanksAgree::see(const BatchSized& event, const Ledger&, Findings& findings) {
    if (!first_ || first_->step != event.step) {
        first_ = event;
        return;
    }
    const bool one_size = event.graph == 0 && first_->graph == 0 && event.micro_batches == 1;
    if (event.graph == first_->graph && event.micro_batches == first_->micro_batches && (one_size || event.rows == first_->rows)) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .rows = event.rows,
                  .needed = first_->rows,
                  .message = fmt::format("{} rows in {} parts with graph {}, where rank {} has {} in {} with graph {}", event.rows,
                                         event.micro_batches, event.graph, static_cast<std::int64_t>(first_->rank), first_->rows,
                                         first_->micro_batches, first_->graph)});
}

}  // namespace kv
