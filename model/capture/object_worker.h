// The worker's side of a store of row objects: where each request's rows were captured up to and sent up to, and which of its blocks are
// full, have a key, and are therefore objects.
#pragma once

#include "model/capture/block_buffer.h"
#include "model/capture/object_store.h"
#include "model/capture/requests.h"
#include "model/capture/staging.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kv {

// What the scheduler sends with a step.
struct ObjectMessage {
    struct Scheduled {
        std::int64_t request;
        std::int64_t emit_first;
    };
    struct Keys {
        std::int64_t request;
        std::size_t first, end;  // In `prefixes`.
    };
    std::int64_t generation = 0;
    std::vector<Scheduled> scheduled = {};
    std::vector<Keys> keys = {};
    std::vector<PrefixKey> prefixes = {};
    std::vector<std::int64_t> finished = {};
};

struct SentRows {
    std::int64_t request = 0;
    std::int64_t first = 0;
    std::span<const RowTag> rows = {};  // Until the next step is put out.
};

// The worker's side.
class ObjectWorker {
public:
    ObjectWorker(const Engine& engine, const RowSetup& setup, const RowFormat& format);

    // Each throws RefusedByEngine where the engine raises.
    void begin(const ObjectMessage& message);
    void save(const RowStep& step);
    void put_out(std::span<const RequestRows> requests, std::vector<SentRows>& sent);  // The oldest step in flight.

    Staging& staging() { return staging_; }
    const ObjectStore& store() const { return store_; }
    const BlockBuffer& buffer() const { return buffer_; }
    bool knows(std::int64_t request) const { return states_[static_cast<std::size_t>(request)].alive; }

private:
    struct State {
        bool alive = false;
        bool finished = false;
        std::vector<ObjectKey> keys = {};
        std::vector<FullBlock> pending = {};  // Full, but without a key.
        std::optional<std::int64_t> captured = {};
        std::int64_t scheduled = 0;
        std::int64_t emit_first = 0;
        std::int64_t steps = 0;  // In flight.
    };
    struct Later {  // What can be sent only once this step's blocks are objects.
        std::int64_t request, first, end;
    };

    State& at(std::int64_t request) { return states_[static_cast<std::size_t>(request)]; }
    void new_generation(std::int64_t generation);
    void add_keys(const ObjectMessage& message, const ObjectMessage::Keys& keys);
    void capture(const StepRequest& part, std::span<const RowTag> rows, bool wanted, std::vector<SentRows>& sent);
    void publish_ready(State& state, std::span<const FullBlock> full);
    void send_publication();
    void send_stored(const Later& later, std::span<const RequestRows> requests, std::vector<SentRows>& sent);
    void append_stored(const State& state, std::int64_t block, const RequestRows& request);
    void release_keys(const State& state);
    void tear_down(std::int64_t request);

    DeliveryRules rules_;
    std::int64_t columns_;
    std::int64_t block_rows_;
    ObjectStore store_;
    BlockBuffer buffer_;
    Staging staging_;
    std::vector<State> states_;
    std::int64_t generation_ = 0;
    // Of one call.
    std::vector<RowObject> objects_;
    std::vector<ObjectKey> retained_, released_;
    std::vector<FullBlock> ready_, full_;
    std::vector<Later> later_;
    std::vector<std::vector<RowTag>> stored_;  // Rows put together from objects, one list a request that is sent some.
    std::size_t stored_used_ = 0;
    std::vector<std::int64_t> done_;
};

}  // namespace kv
