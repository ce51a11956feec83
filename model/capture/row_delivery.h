// How rows get from one worker's step buffer to whoever asked for them, by an engine's rules. Whoever drives an engine step by step tells
// it what happens, in this order: `arrive`, `admit`, then each step `begin`, `save` once the forward pass is done, `settle` where its
// output is taken, and `stop` where a request's last token came out. With several steps in flight `settle` is of the oldest.
#pragma once

#include "model/capture/object_rows.h"
#include "model/capture/row_format.h"
#include "model/capture/shared_memory_rows.h"
#include "model/capture/step_delta_rows.h"
#include "model/capture/step_rows.h"

#include <cstdint>
#include <memory>
#include <span>
#include <variant>

namespace kv {

class RowDelivery {
public:
    // Any call throws RefusedByEngine where the engine raises; it is then of no further use, as the engine would be.
    RowDelivery(const Engine& engine, const RowSetup& setup);

    const RowFormat& format() const { return *format_; }

    void arrive(std::int64_t request, const RowRequest& asked);
    void admit(std::int64_t request, const RowAdmission& admission);
    // How many tokens a request has by now, and the keys of all its full hash blocks. After `arrive`, and whenever a token came out.
    void known(std::int64_t request, std::int64_t tokens, std::span<const PrefixKey> keys);

    void begin(std::span<const StepRequest> step);
    void save(const RowStep& step);
    void settle();

    DeliveredRows stop(std::int64_t request, const RowsDue& due);
    // `admit` follows when it is resumed.
    void preempt(std::int64_t request, RowsInFlight rows = RowsInFlight::dropped);
    void abort(std::int64_t request);
    void reset_prefixes();  // Nothing can be hit any more; no step is in flight.

    // Where a request that stops has its rows read by slot: those of the last `stop`, also of one that raised.
    std::span<const std::int64_t> last_read() const;

    template <class TransportRows>
    const TransportRows* as() const {
        return std::get_if<TransportRows>(&rows_);
    }

private:
    std::unique_ptr<const RowFormat> format_;  // Transports refer to it.
    std::variant<SharedMemoryRows, StepDeltaRows, ObjectRows> rows_;
};

}  // namespace kv
