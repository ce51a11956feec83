#include "model/events/event_digest.h"

namespace kv {

void EventDigest::add(const Refusal& refusal) {
    add(refusal.type);
    add(std::span<const std::int64_t>(refusal.figures));
}

void EventDigest::see(const RequestArrived& event) {
    add_event(event, 1, event.rank, event.request, event.prompt, event.outputs_max, event.wants_rows);
}

void EventDigest::see(const StepBegan& event) { add_event(event, 2, event.rank, event.step); }

void EventDigest::see(const CacheHitFound& event) {
    for (const auto& blocks : event.hit.blocks) add(std::span<const BlockId>(blocks));
    add_event(event, 3, event.rank, event.request, event.hit.length, event.hit.shared_boundary);
}

void EventDigest::see(const BlocksAsked& event) {
    const AllocateCall& call = event.call;
    for (const Tokens tokens : {call.new_tokens, call.hit_tokens, call.lookahead, call.external, call.encoder_tokens}) add(tokens);
    add(call.delay_caching);
    add_event(event, 4, event.rank, event.request, event.computed, event.granted, event.taken.all(), event.free);
}

void EventDigest::see(const BlocksCached& event) { add_event(event, 5, event.rank, event.request, event.tokens); }

void EventDigest::see(const RequestStops& event) { add_event(event, 6, event.rank, event.request, event.why, event.drops_output); }

void EventDigest::see(const BlocksFreed& event) { add_event(event, 7, event.rank, event.request, event.why, event.free); }

void EventDigest::see(const CacheReset& event) { add_event(event, 8, event.rank, event.done, event.free); }

void EventDigest::see(const BlocksZeroed& event) { add_event(event, 9, event.rank, event.blocks); }

void EventDigest::see(const BlocksCopied& event) {
    for (const auto& [source, destination] : event.copies) {
        add(source);
        add(destination);
    }
    add_event(event, 10, event.rank, event.free);
}

void EventDigest::see(const StepScheduled& event) {
    for (const ScheduledPart& part : event.parts) {
        for (const std::int64_t number : {part.first, part.tokens, part.drafts}) add(number);
        add(part.request);
        add(part.padded);
        add(part.prefill);
    }
    add_event(event, 11, event.rank, event.step, event.running, event.waiting);
}

void EventDigest::see(const StepSettled& event) { add_event(event, 12, event.rank, event.step); }

void EventDigest::see(const OutputSettled& event) {
    add_event(event, 13, event.rank, event.request, event.accepted, event.rejected, event.outputs, event.dropped);
}

void EventDigest::see(const SlotsMapped& event) { add_event(event, 14, event.rank, event.step, event.group, event.user, event.slots); }

void EventDigest::see(const RowsOffered& event) {
    add_event(event, 15, event.rank, event.step, event.layers, event.call.layer, event.call.rows, event.call.columns);
}

void EventDigest::see(const RowsCaptured& event) {
    add(event.captured.gathered);
    if (const auto* refusal = std::get_if<Refusal>(&event.captured.outcome)) add(*refusal);
    if (const auto* copied = std::get_if<CopiedRows>(&event.captured.outcome))
        for (const std::int64_t number : {copied->layer, copied->buffer_first, copied->count, copied->first}) add(number);
    add_event(event, 16, event.rank, event.step, event.captured.outcome.index());
}

void EventDigest::see(const RowsStored& event) { add_event(event, 17, event.rank, event.step, event.slots, event.rows); }

void EventDigest::see(const RowsDelivered& event) {
    add_event(event, 18, event.rank, event.request, event.first, event.columns, event.rows, event.wanted);
}

void EventDigest::see(const EngineFault& event) { add_event(event, 19, event.rank, event.step, event.refusal); }

}  // namespace kv
