#include "properties/ranks_agree.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 2> bugs{"B39", "B57"};

}  // namespace

const PropertyText RanksAgree::text{
    .id = PropertyId::ranks_agree,
    .statement = "ranks that meet in a collective have chosen the same graph, the same padded size and as many micro-batches",
    .why = "they wait for each other for ever",
    .not_checked = "how long they wait: time is not judged here",
    .bugs = bugs};

void RanksAgree::see(const PlanMade& event, const Ledger&, Findings& findings) {
    for (std::size_t worker = 1; worker < event.workers.size(); ++worker) {
        tell_groups(event, worker, findings);
        if (event.workers[worker].blocks == event.workers[0].blocks) continue;
        findings.add({.property = text.id,
                      .needed = event.workers[0].blocks.value,
                      .blocks = event.workers[worker].blocks.value,
                      .message = fmt::format("pipeline stage {} has {} blocks, and the first {}", worker,
                                             event.workers[worker].blocks.value, event.workers[0].blocks.value)});
    }
}

// Stages that group their own layers have to come to the same, for one block table is for all.
void RanksAgree::tell_groups(const PlanMade& event, std::size_t worker, Findings& findings) {
    const auto words = [&](std::size_t of) { return event.workers[of].own_groups.value_or("nothing"); };
    if (words(worker) == words(0)) return;
    findings.add({.property = text.id,
                  .message = fmt::format("pipeline stage {} makes of its own layers groups of {}, and the first of {}", worker,
                                         words(worker), words(0))});
}

void RanksAgree::see(const BatchSized& event, const Ledger&, Findings& findings) {
    if (!first_ || first_->step != event.step) {
        first_ = event;
        return;
    }
    const bool one_size = event.graph == 0 && first_->graph == 0 && event.micro_batches == 1;
    if (event.iterations.value_or(1) != first_->iterations.value_or(1)) {
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .step = event.step,
                      .value = event.iterations.value_or(1),
                      .limit = first_->iterations.value_or(1),
                      .message = fmt::format("{} tokens in {} chunks for the experts, where rank {} has {} in {}", event.tokens,
                                             event.iterations.value_or(1), static_cast<std::int64_t>(first_->rank), first_->tokens,
                                             first_->iterations.value_or(1))});
        return;
    }
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
