// Rows that go with each step's output. Whether a host copy by slot stands behind them, and whether the rows of prefix hits are taken from
// there or those of all prompts, is the difference between three transports.
#pragma once

#include "model/capture/requests.h"
#include "model/capture/slot_rows.h"
#include "model/capture/staging.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace kv {

class StepDeltaRows {
public:
    enum class Kept : std::uint8_t { nothing, by_slot, prompts_by_slot };

    // Throws RefusedByEngine where a copy by slot would have no rows.
    StepDeltaRows(const Engine& engine, const RowSetup& setup, const RowFormat& format, Kept kept);

    void arrive(std::int64_t request, const RowRequest& asked);
    void admit(std::int64_t request, const RowAdmission& admission);
    void known(std::int64_t, std::int64_t, std::span<const PrefixKey>) {}
    void begin(std::span<const StepRequest>) {}
    void save(const RowStep& step);
    void settle();
    DeliveredRows stop(std::int64_t request, const RowsDue& due);
    void leave(std::int64_t request, RowsInFlight in_flight) {
        if (in_flight == RowsInFlight::dropped) staging_.drop(request);
    }
    void reset() {}

    std::span<const std::int64_t> last_read() const { return read_slots_; }  // Slots of the last `stop` where prompts are read by slot.
    std::int64_t carried() const { return carried_; }                        // Rows that the last settled step sent on.

private:
    struct Mark {
        std::int64_t step;  // Of which the slot is to say so: what steps before it bring comes first.
        std::int64_t slot;
    };
    RequestRows& at(std::int64_t request) { return requests_[static_cast<std::size_t>(request)]; }
    void hydrate(std::int64_t request);
    DeliveredRows with_prompt(std::int64_t request, const RowsDue& due, const DeliveredRows& generated);

    const RowFormat& format_;
    std::uint64_t seed_;
    DeliveryRules rules_;
    RowReader reader_;
    Kept kept_;
    SlotAddress address_;
    std::int64_t columns_;
    std::optional<SlotRows> rows_;
    Staging staging_;
    std::vector<RequestRows> requests_;
    std::vector<std::vector<std::int64_t>> hit_slots_;  // By request: of what was hit or loaded, until its rows were looked up.
    std::vector<Mark> marks_;
    std::vector<RowTag> read_;
    std::vector<std::int64_t> read_slots_;
    std::int64_t saved_ = 0, settled_ = 0;
    std::int64_t carried_ = 0;
};

}  // namespace kv
