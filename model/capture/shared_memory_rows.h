// Rows in a buffer of one slot each, written when a step is done and read when a request stops. Writer and reader wait for each other at
// a lock, and do nothing at the same time.
#pragma once

#include "model/capture/requests.h"
#include "model/capture/slot_rows.h"

#include <cstdint>
#include <vector>

namespace kv {

class SharedMemoryRows {
public:
    // Throws RefusedByEngine where the buffer would have no rows, or fewer than its reader takes it to have.
    SharedMemoryRows(const Engine& engine, const RowSetup& setup, const RowFormat& format);

    void arrive(std::int64_t request, const RowRequest& asked);
    void admit(std::int64_t request, const RowAdmission& admission);
    void known(std::int64_t, std::int64_t, std::span<const PrefixKey>) {}
    void begin(std::span<const StepRequest>) {}
    void save(const RowStep& step);
    void settle() {}
    DeliveredRows stop(std::int64_t request, const RowsDue& due);
    void leave(std::int64_t, RowsInFlight) {}
    void reset() {}

    const SlotRows& rows() const { return rows_; }
    std::span<const std::int64_t> last_read() const { return read_slots_; }  // Slots of the last `stop`, also of one that raised.

private:
    RequestRows& at(std::int64_t request) { return requests_[static_cast<std::size_t>(request)]; }

    DeliveryRules rules_;
    RowReader reader_;
    SlotAddress address_;
    std::int64_t columns_;
    std::int64_t reader_rows_;
    SlotRows rows_;
    std::vector<RequestRows> requests_;
    std::vector<std::int64_t> marks_;  // Slots of loaded tokens that the next step will say are missing.
    std::vector<std::int64_t> loaded_slots_;
    std::vector<std::int64_t> read_slots_;
    std::vector<RowTag> read_;
};

SlotRows rows_by_slot(const Engine& engine, const RowSetup& setup, const RowFormat& format);

}  // namespace kv
