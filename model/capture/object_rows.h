// Rows that go with each step's output, the blocks of them that are full being kept as objects under the hash of their tokens: what one
// request computed, another that hits the block is sent. This is the scheduler's side and the front end's.
#pragma once

#include "model/capture/object_worker.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kv {

class ObjectRows {
public:
    ObjectRows(const Engine& engine, const RowSetup& setup, const RowFormat& format);

    void arrive(std::int64_t request, const RowRequest& asked);
    void admit(std::int64_t request, const RowAdmission& admission);
    void known(std::int64_t request, std::int64_t tokens, std::span<const PrefixKey> keys);
    void begin(std::span<const StepRequest> step);
    void save(const RowStep& step) { worker_.save(step); }
    void settle();
    DeliveredRows stop(std::int64_t request, const RowsDue& due);
    void leave(std::int64_t request, RowsInFlight in_flight);
    void reset();

    const ObjectWorker& worker() const { return worker_; }
    std::span<const SentRows> last_sent() const { return sent_; }  // By the step that was put out last.

private:
    struct Sending {
        std::int64_t tokens = 0;
        std::vector<PrefixKey> keys = {};
        std::optional<std::size_t> sent = {};  // How many of them; empty: the worker has not been told of the request.
    };
    Sending& sending(std::int64_t request) { return sendings_[static_cast<std::size_t>(request)]; }
    void send_new_keys(std::int64_t request);

    const RowFormat& format_;
    std::uint64_t seed_;
    DeliveryRules rules_;
    std::int64_t columns_;
    ObjectWorker worker_;
    std::vector<RequestRows> requests_;
    std::vector<Sending> sendings_;
    std::vector<std::int64_t> told_;  // Requests that the worker knows of, in the order in which it was told.
    ObjectMessage message_;
    std::vector<std::int64_t> finished_;        // Since the last message,
    std::vector<PrefixKey> finished_prefixes_;  // and the keys of theirs that were not sent.
    std::vector<ObjectMessage::Keys> finished_keys_;
    std::int64_t generation_ = 0;
    std::vector<SentRows> sent_;
};

}  // namespace kv
