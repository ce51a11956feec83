#include "model/capture/row_delivery.h"

namespace kv {
namespace {

using TransportRows = std::variant<SharedMemoryRows, StepDeltaRows, ObjectRows>;

void require_sound(const RowSetup& setup) {
    require(setup.object_rows > 0, "a hash block has tokens");
    require(setup.requests_max > 0 && setup.running_max > 0, "there are requests");
    require(setup.batched_max > 0 && setup.steps_in_flight_max > 0, "there are steps");
}

TransportRows transport_of(const Engine& engine, const RowSetup& setup, const RowFormat& format) {
    require_sound(setup);
    switch (engine.transport.choice) {
        case Transport::shared_memory:
            return SharedMemoryRows(engine, setup, format);
        case Transport::step_deltas:
            return StepDeltaRows(engine, setup, format, StepDeltaRows::Kept::nothing);
        case Transport::slot_cache:
            return StepDeltaRows(engine, setup, format, StepDeltaRows::Kept::by_slot);
        case Transport::prompt_by_slot:
            return StepDeltaRows(engine, setup, format, StepDeltaRows::Kept::prompts_by_slot);
        case Transport::object_store:
            break;
    }
    return ObjectRows(engine, setup, format);
}

}  // namespace

RowDelivery::RowDelivery(const Engine& engine, const RowSetup& setup)
    : format_(std::make_unique<const RowFormat>(engine, setup.model)), rows_(transport_of(engine, setup, *format_)) {}

void RowDelivery::arrive(std::int64_t request, const RowRequest& asked) {
    require(0 <= asked.asked_first && 0 <= asked.prompt, "a request has a prompt, and asks for rows from one of its positions on");
    std::visit([&](auto& rows) { rows.arrive(request, asked); }, rows_);
}

void RowDelivery::admit(std::int64_t request, const RowAdmission& admission) {
    require(0 <= admission.hit && 0 <= admission.loaded, "hit and loaded are numbers of tokens");
    std::visit([&](auto& rows) { rows.admit(request, admission); }, rows_);
}

void RowDelivery::known(std::int64_t request, std::int64_t tokens, std::span<const PrefixKey> keys) {
    std::visit([&](auto& rows) { rows.known(request, tokens, keys); }, rows_);
}

void RowDelivery::begin(std::span<const StepRequest> step) {
    std::visit([&](auto& rows) { rows.begin(step); }, rows_);
}

void RowDelivery::save(const RowStep& step) {
    std::int64_t tokens = 0;
    for (const StepRequest& part : step.requests) {
        require(part.first >= 0 && part.tokens > 0 && 0 <= part.rejected && part.rejected <= part.tokens, "a step computes tokens");
        tokens += part.tokens;
    }
    require(tokens <= std::ssize(step.slots), "a step has a slot for each token");
    std::visit([&](auto& rows) { rows.save(step); }, rows_);
}

void RowDelivery::settle() {
    std::visit([](auto& rows) { rows.settle(); }, rows_);
}

DeliveredRows RowDelivery::stop(std::int64_t request, const RowsDue& due) {
    require(due.tokens >= 1, "a request that stops has a token");
    return std::visit([&](auto& rows) { return rows.stop(request, due); }, rows_);
}

void RowDelivery::preempt(std::int64_t request, RowsInFlight in_flight) {
    std::visit([&](auto& rows) { rows.leave(request, in_flight); }, rows_);
}

void RowDelivery::abort(std::int64_t request) { preempt(request); }

void RowDelivery::reset_prefixes() {
    std::visit([](auto& rows) { rows.reset(); }, rows_);
}

std::span<const std::int64_t> RowDelivery::last_read() const {
    if (const auto* by_slot = as<SharedMemoryRows>()) return by_slot->last_read();
    if (const auto* deltas = as<StepDeltaRows>()) return deltas->last_read();
    return {};
}

}  // namespace kv
