#include "properties/id_space.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 6> bugs{"B08", "B13", "B14", "B15", "B16", "R14"};

}  // namespace

const PropertyText IdSpace::text{
    .id = PropertyId::id_space,
    .statement = "captured ids are logical experts of the target model, each layer's its own, and the stored type holds every one",
    .why = "ids wrap, name experts that the trainer does not have, or are those of the drafter",
    .not_checked = "whether whoever reads rows counts layers as the engine does",
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

void IdSpace::see(const RowsCaptured& event, const Ledger&, Findings& findings) {
    if (!event.one_column_for_all) return;
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .step = event.step,
                  .rows = event.count,
                  .message = fmt::format("{} rows of one id each are spread over all columns", event.count)});
}

}  // namespace kv
