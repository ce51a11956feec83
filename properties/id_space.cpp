#include "properties/id_space.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 5> bugs{"B08", "B14", "B15", "B16", "R14"};

}  // namespace

const PropertyText IdSpace::text{
    .id = PropertyId::id_space,
    .statement = "captured ids are logical experts of the target model, each layer's its own, and the stored type holds every one",
    .why = "ids wrap, name experts that the trainer does not have, or are those of the drafter",
    .not_checked = "the ids in a row one by one: rows are known by who wrote them",
    .bugs = bugs};

void IdSpace::see(const RowsFormed& event, const Ledger&, Findings& findings) {
    const auto add = [&](std::int64_t value, std::int64_t limit, std::string message) {
        findings.add({.property = text.id, .rank = event.rank, .value = value, .limit = limit, .message = std::move(message)});
    };
    if (event.id_end > event.experts)
        add(event.id_end - 1, event.experts, fmt::format("ids up to {} of a model of {} experts", event.id_end - 1, event.experts));
    if (event.type_end && event.id_end > *event.type_end)
        add(event.id_end - 1, *event.type_end,
            fmt::format("ids up to {} are stored in a type that ends at {}", event.id_end - 1, *event.type_end - 1));
    if (const std::int64_t stride = event.stride.value_or(event.topk); stride != event.topk)
        add(stride, event.topk, fmt::format("the ids of the second row begin at {}, and its place at {}", stride, event.topk));
    if (event.reader_entries && *event.reader_entries != event.entries)
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .layer = event.dense_first,
                      .value = event.entries,
                      .limit = *event.reader_entries,
                      .message = fmt::format("a row has entries for {} layers, and whoever reads it takes them for {}", event.entries,
                                             *event.reader_entries)});
    for (const RowPart& part : event.layer_parts) {
        if (part.writer != RowWriter::drafter || part.first_layer >= event.layers) continue;
        findings.add(
            {.property = text.id,
             .rank = event.rank,
             .layer = part.first_layer,
             .rows = part.layers,
             .message = fmt::format("the drafter writes {} of the target's layers from layer {} on", part.layers, part.first_layer)});
    }
}

void IdSpace::see(const RowsOffered& event, const Ledger&, Findings&) {
    const auto rank = static_cast<std::size_t>(event.rank);
    if (layers_.size() <= rank) layers_.resize(rank + 1);
    layers_[rank] = event.layer;
}

void IdSpace::see(const RowsCaptured& event, const Ledger&, Findings& findings) {
    const auto rank = static_cast<std::size_t>(event.rank);
    if (event.layer && event.outcome == CaptureOutcome::copied && rank < layers_.size() && *event.layer != layers_[rank])
        findings.add({.property = text.id,
                      .rank = event.rank,
                      .step = event.step,
                      .layer = *event.layer,
                      .rows = event.count,
                      .value = layers_[rank],
                      .message = fmt::format("rows that are said to be of layer {} are taken for layer {}", layers_[rank], *event.layer)});
    if (!event.one_column_for_all) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .rows = event.count,
                  .message = fmt::format("{} rows of one id each are spread over all columns", event.count)});
}

}  // namespace kv
