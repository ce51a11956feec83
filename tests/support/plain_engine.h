// A small engine loop for tests of how captured rows are delivered: requests that share prefixes, blocks of one full attention group with a
// prefix cache, loads from elsewhere, preemption, drafts and steps in flight. It tells a RowDelivery what happens and keeps, block by
// block, whose rows really lie there, so that a test knows what may be delivered.
#pragma once

#include "model/addressing/pad_slot.h"
#include "model/capture/row_delivery.h"
#include "model/refusal.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kv::testing {

inline constexpr std::int64_t target_producer = 1, draft_producer = 2;

struct PlainShape {
    std::int64_t block = 4;
    std::int64_t blocks = 16;  // Block 0 is nobody's.
    std::int64_t rows = -1;    // Of the side buffer; negative: every slot has one.
    std::int64_t batched_max = 16;
    std::int64_t requests_max = 16;
    std::int64_t in_flight = 1;
    std::int64_t padding = 0;     // Slots of PAD after the last token of a step.
    std::int64_t skip_every = 0;  // Every so many steps the routers' rows are not captured.
    RowModel model = {};
};

struct PlainRequest {
    struct Part {
        std::int64_t content, tokens;
    };
    std::vector<Part> prompt = {};
    std::int64_t outputs = 1;
    std::int64_t asked_first = 0;
    std::int64_t loaded_blocks = 0;  // At its first admission, after what it hits.
    std::int64_t drafts = 0;         // Of each decoding step, of which `rejected` are.
    std::int64_t rejected = 0;
    bool opted_in = true;
};

struct PlainDelivery {
    std::int64_t request = 0;
    std::int64_t first = 0;
    std::vector<RowTag> rows = {};
    std::vector<RowTag> expected = {};  // By position from 0: the true row, or missing.
    friend bool operator==(const PlainDelivery&, const PlainDelivery&) = default;
};

class PlainEngine {
public:
    PlainEngine(const Engine& engine, const PlainShape& shape)
        : shape_(shape),
          setup_{.model = shape.model,
                 .seed = 11,
                 .rows = shape.rows < 0 ? shape.blocks * shape.block : shape.rows,
                 .object_rows = shape.block,
                 .address = SlotAddress(TokensPerBlock{shape.block}),
                 .requests_max = shape.requests_max,
                 .running_max = shape.requests_max,
                 .batched_max = shape.batched_max + shape.padding,
                 .steps_in_flight_max = shape.in_flight},
          delivery_(engine, setup_),
          step_rows_(engine, delivery_.format(), shape.batched_max + shape.padding),
          held_(static_cast<std::size_t>(shape.blocks), std::vector<RowTag>(static_cast<std::size_t>(shape.block), missing_tag)),
          users_(static_cast<std::size_t>(shape.blocks), 0) {
        for (std::int64_t block = 1; block < shape.blocks; ++block) free_.push_back(block);
    }

    std::int64_t arrive(const PlainRequest& asked) {
        const auto id = std::ssize(requests_);
        State& state = requests_.emplace_back(asked, PrefixKeys(TokensPerBlock{shape_.block}));
        for (const auto& [content, tokens] : asked.prompt) append(state, content, tokens);
        state.prompt = std::ssize(state.contents);
        delivery_.arrive(id, {.prompt = state.prompt, .asked_first = asked.asked_first, .opted_in = asked.opted_in});
        delivery_.known(id, state.known(), state.keys.keys());
        waiting_.push_back(id);
        return id;
    }

    // One step is scheduled and computed; the oldest one is put out once as many are in flight as may be. False: there is nothing to do.
    bool step() {
        if (waiting_.empty() && running_.empty() && flights_.empty()) return false;
        const bool waited = preempted_;  // Who was preempted is admitted in a later step, not in the same.
        const bool idle = !schedule(!waited);
        if (std::ssize(flights_) >= shape_.in_flight || (idle && !flights_.empty())) settle();
        else if (idle && !waited) return false;
        return true;
    }
    void run() {
        for (int steps = 0; steps < 10'000 && step();) ++steps;
    }

    void preempt_last() {
        if (!running_.empty()) preempt(running_.back());
    }
    void abort(std::int64_t id) {
        if (std::erase(running_, id) + std::erase(waiting_, id) == 0) return;
        delivery_.abort(id);
        release(requests_[index(id)]);
        requests_[index(id)].gone = true;
    }

    const std::vector<PlainDelivery>& delivered() const { return delivered_; }
    const RowDelivery& delivery() const { return delivery_; }
    std::int64_t running() const { return std::ssize(running_); }
    std::int64_t hit(std::int64_t id) const { return requests_[index(id)].hit; }

private:
    struct State {
        State(PlainRequest request, PrefixKeys tokens) : asked(std::move(request)), keys(std::move(tokens)) {}
        PlainRequest asked;
        PrefixKeys keys;
        std::vector<std::int64_t> contents = {};  // By position.
        std::int64_t prompt = 0;
        std::int64_t computed = 0;   // As scheduled, what is in flight included.
        std::int64_t in_flight = 0;  // Tokens that will have come out.
        std::int64_t hit = 0;
        std::int64_t epoch = 0;  // One more each time that it is preempted.
        bool gone = false, admitted_once = false;
        std::vector<BlockId> blocks = {};
        std::vector<RowTag> expected = {};  // As scheduled,
        std::vector<RowTag> settled = {};   // and as put out so far: what is in flight at a preemption is for nobody.
        std::int64_t known() const { return std::ssize(contents); }
    };
    struct Flight {
        std::vector<StepRequest> parts = {};
        std::vector<std::int64_t> epochs = {};
    };
    static std::size_t index(std::int64_t id) { return static_cast<std::size_t>(id); }

    static void append(State& state, std::int64_t content, std::int64_t tokens) {
        state.keys.append({.stream = content, .first = state.known(), .count = tokens});
        state.contents.insert(state.contents.end(), static_cast<std::size_t>(tokens), content);
    }
    RowTag tag(const State& state, std::int64_t position, std::int64_t producer = target_producer) const {
        // What is drafted or in flight has content of its own request, known or not.
        const std::int64_t content = position < state.known() ? state.contents[index(position)] : own_content(state);
        return tag_of({.producer = producer, .content = content, .position = position});
    }
    std::int64_t own_content(const State& state) const { return 1000 + (&state - requests_.data()); }

    bool schedule(bool admits) {
        Flight flight;
        preempted_ = false;
        std::int64_t budget = shape_.batched_max;
        const std::vector<std::int64_t> running = running_;
        for (const std::int64_t id : running) {
            if (std::ranges::find(running_, id) == running_.end()) continue;  // Preempted on the way.
            if (const std::int64_t tokens = next_tokens(id, budget); tokens > 0) budget -= place(id, tokens, flight);
        }
        while (admits && !preempted_ && !waiting_.empty() && budget > 0 && admit(waiting_.front())) {
            const std::int64_t id = waiting_.front();
            const std::int64_t tokens = next_tokens(id, budget);
            if (!has_room(requests_[index(id)], tokens)) {
                release(requests_[index(id)]);
                break;
            }
            announce(id);
            waiting_.pop_front();
            running_.push_back(id);
            budget -= place(id, tokens, flight);
        }
        const bool placed = !flight.parts.empty();
        if (placed) compute(flight);
        else delivery_.begin({});
        return placed;
    }

    std::int64_t next_tokens(std::int64_t id, std::int64_t budget) const {
        const State& state = requests_[index(id)];
        const std::int64_t left = state.known() + state.in_flight - state.computed;
        const std::int64_t outputs = state.known() + state.in_flight - state.prompt;
        if (outputs >= state.asked.outputs || budget <= 0) return 0;
        const bool decodes = left == 1 && outputs > 0 && shape_.in_flight == 1;
        const std::int64_t drafts = decodes && state.asked.drafts < state.asked.outputs - outputs ? state.asked.drafts : 0;
        return left + drafts <= budget ? left + drafts : std::min(left, budget);
    }

    bool has_room(const State& state, std::int64_t tokens) const {
        return ceil_div(state.computed + tokens, shape_.block) - std::ssize(state.blocks) <= std::ssize(free_);
    }

    // Its blocks of the prefix cache, and those that are loaded. False: too few are free.
    bool admit(std::int64_t id) {
        State& state = requests_[index(id)];
        state.hit = 0;
        for (const PrefixKey& key : state.keys.keys()) {
            const auto found = cached_.find({key.low, key.high});
            if (found == cached_.end() || state.hit + shape_.block >= state.known()) break;
            take(found->second);
            state.blocks.push_back(static_cast<BlockId>(found->second));
            state.hit += shape_.block;
        }
        state.computed = state.hit;
        const std::int64_t loads = state.admitted_once ? 0 : state.asked.loaded_blocks;
        for (std::int64_t i = 0; i < loads && state.computed + shape_.block < state.known(); ++i) {
            if (free_.empty()) {
                release(state);
                return false;
            }
            state.blocks.push_back(static_cast<BlockId>(new_block()));
            state.computed += shape_.block;
        }
        return true;
    }

    void announce(std::int64_t id) {
        State& state = requests_[index(id)];
        state.admitted_once = true;
        state.expected.resize(std::max(state.expected.size(), index(state.computed)), missing_tag);
        for (std::int64_t position = 0; position < state.computed; ++position) {
            std::vector<RowTag>& rows = held_[index(block_at(state, position))];
            RowTag& row = rows[index(position % shape_.block)];
            if (position >= state.hit) row = missing_tag;
            else if (row != missing_tag) state.expected[index(position)] = row;
        }
        state.settled = state.expected;
        cache_blocks(state);
        delivery_.admit(id, {.hit = state.hit, .loaded = state.computed - state.hit, .blocks = state.blocks});
    }

    std::int64_t block_at(const State& state, std::int64_t position) const {
        return static_cast<std::int64_t>(state.blocks[index(position / shape_.block)]);
    }

    // Into the step; how many tokens, 0 where it was itself preempted to make room.
    std::int64_t place(std::int64_t id, std::int64_t tokens, Flight& flight) {
        State& state = requests_[index(id)];
        while (!has_room(state, tokens)) {
            const std::int64_t victim = running_.back();
            if (std::ranges::find(flight.parts, victim, &StepRequest::request) != flight.parts.end()) return 0;
            preempt(victim);
            if (victim == id) return 0;
        }
        while (std::ssize(state.blocks) * shape_.block < state.computed + tokens) state.blocks.push_back(static_cast<BlockId>(new_block()));
        const std::int64_t left = state.known() + state.in_flight - state.computed;
        const std::int64_t drafts = std::max<std::int64_t>(tokens - left, 0);
        const std::int64_t rejected = std::min(drafts, state.asked.rejected);
        flight.parts.push_back({.request = id, .first = state.computed, .tokens = tokens, .rejected = rejected, .sampled = tokens >= left});
        flight.epochs.push_back(state.epoch);
        const std::int64_t kept = tokens - rejected;
        state.expected.resize(std::max(state.expected.size(), index(state.computed + kept)), missing_tag);
        const bool captured = shape_.skip_every == 0 || (steps_ + 1) % shape_.skip_every != 0;
        for (std::int64_t position = state.computed; position < state.computed + kept; ++position) {
            if (captured) state.expected[index(position)] = tag(state, position);
            held_[index(block_at(state, position))][index(position % shape_.block)] = captured ? tag(state, position) : missing_tag;
        }
        state.computed += kept;
        if (tokens >= left) state.in_flight += 1 + drafts - rejected;
        cache_blocks(state);
        return tokens;
    }

    void cache_blocks(const State& state) {
        const std::int64_t full = std::min(state.computed / shape_.block, std::ssize(state.keys.keys()));
        for (std::int64_t i = 0; i < full; ++i) {
            const PrefixKey& key = state.keys.keys()[index(i)];
            cached_.try_emplace({key.low, key.high}, static_cast<std::int64_t>(state.blocks[index(i)]));
        }
    }

    void compute(Flight& flight) {
        delivery_.begin(flight.parts);
        std::vector<std::int64_t> slots;
        std::vector<RowTag> rows, draft_rows;
        for (const StepRequest& part : flight.parts) {
            const State& state = requests_[index(part.request)];
            for (std::int64_t position = part.first; position < part.first + part.tokens; ++position) {
                slots.push_back(block_at(state, position) * shape_.block + position % shape_.block);
                rows.push_back(tag(state, position));
                draft_rows.push_back(tag(state, position, draft_producer));
            }
        }
        step_rows_.begin();
        if (shape_.skip_every == 0 || (steps_ + 1) % shape_.skip_every != 0) step_rows_.capture(0, rows);
        step_rows_.capture_draft(0, draft_rows);
        slots.resize(slots.size() + index(shape_.padding), pad_slot);
        ++steps_;
        delivery_.save({.requests = flight.parts, .slots = slots, .rows = step_rows_.rows(0, std::ssize(slots))});
        flights_.push_back(std::move(flight));
    }

    void settle() {
        const Flight flight = std::move(flights_.front());
        flights_.pop_front();
        delivery_.settle();
        for (std::size_t i = 0; i < flight.parts.size(); ++i) {
            const StepRequest& part = flight.parts[i];
            State& state = requests_[index(part.request)];
            if (state.gone || state.epoch != flight.epochs[i]) continue;
            const std::size_t end = index(part.first + part.tokens - part.rejected);
            state.settled.resize(std::max(state.settled.size(), end), missing_tag);
            std::copy(state.expected.begin() + part.first, state.expected.begin() + static_cast<std::ptrdiff_t>(end),
                      state.settled.begin() + part.first);
            if (!part.sampled) continue;
            const std::int64_t came_out = part.first + part.tokens - part.rejected + 1 - state.known();
            append(state, own_content(state), came_out);
            state.in_flight -= came_out;
            delivery_.known(part.request, state.known(), state.keys.keys());
            cache_blocks(state);
            if (state.known() - state.prompt >= state.asked.outputs) stop(part.request);
        }
    }

    void stop(std::int64_t id) {
        State& state = requests_[index(id)];
        const DeliveredRows rows = delivery_.stop(id, {.tokens = state.known(), .blocks = state.blocks});
        state.expected.resize(index(state.known() - 1));
        delivered_.push_back({id, rows.first, {rows.rows.begin(), rows.rows.end()}, state.expected});
        std::erase(running_, id);
        release(state);
        state.gone = true;
    }

    void preempt(std::int64_t id) {
        preempted_ = true;
        State& state = requests_[index(id)];
        delivery_.preempt(id);
        release(state);
        ++state.epoch;
        state.expected = state.settled;
        state.in_flight = 0;
        std::erase(running_, id);
        waiting_.push_front(id);
    }

    void take(std::int64_t block) {
        if (users_[index(block)]++ == 0) std::erase(free_, block);
    }
    std::int64_t new_block() {
        const std::int64_t block = free_.front();
        free_.pop_front();
        std::erase_if(cached_, [&](const auto& entry) { return entry.second == block; });
        users_[index(block)] = 1;
        return block;
    }
    void release(State& state) {
        for (auto block = state.blocks.rbegin(); block != state.blocks.rend(); ++block)
            if (--users_[index(static_cast<std::int64_t>(*block))] == 0) free_.push_back(static_cast<std::int64_t>(*block));
        state.blocks.clear();
        state.computed = 0;
    }

    PlainShape shape_;
    RowSetup setup_;
    RowDelivery delivery_;
    StepRows step_rows_;
    std::vector<std::vector<RowTag>> held_;  // By block: the rows that whoever filled it computed; missing where it was loaded.
    std::vector<std::int64_t> users_;
    std::deque<std::int64_t> free_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::int64_t> cached_;
    std::vector<State> requests_;
    std::deque<std::int64_t> waiting_;
    std::vector<std::int64_t> running_;
    std::deque<Flight> flights_;
    std::vector<PlainDelivery> delivered_;
    std::int64_t steps_ = 0;
    bool preempted_ = false;
};

// What came of a run: what was delivered, and what the engine raised, if it did.
struct PlainOutcome {
    std::vector<PlainDelivery> delivered = {};
    std::string raised = {};
    friend bool operator==(const PlainOutcome&, const PlainOutcome&) = default;
};

using PlainScript = std::function<void(PlainEngine&)>;

inline PlainOutcome outcome_of(const Engine& engine, const PlainShape& shape, const PlainScript& script) {
    PlainOutcome outcome;
    std::optional<PlainEngine> plain;
    try {
        plain.emplace(engine, shape);
        script(*plain);
    } catch (const RefusedByEngine& refused) {
        outcome.raised = std::string(name_of(refused.refusal.type)) + " in " + std::string(refused.refusal.raised_in);
    }
    if (plain) outcome.delivered = plain->delivered();
    return outcome;
}

}  // namespace kv::testing
