#include "model/capture/object_worker.h"

#include "model/refusal.h"

#include <algorithm>
#include <string>

namespace kv {
namespace {

void assert_engine(bool holds, std::string_view raised_in, const char* message) {
    if (!holds) refuse({.type = Raised::assertion_error, .raised_in = raised_in, .message = message});
}

std::int64_t objects_of(const RowSetup& setup) {
    const std::int64_t objects = setup.rows / setup.object_rows;
    if (objects < 1)
        refuse({.type = Raised::value_error,
                .raised_in = "BlockObjectStore.__init__",
                .message = "a store of " + std::to_string(setup.rows) + " rows has no room for an object"});
    return objects;
}

}  // namespace

ObjectWorker::ObjectWorker(const Engine& engine, const RowSetup& setup, const RowFormat& format)
    : rules_(engine),
      columns_(format.columns()),
      block_rows_(setup.object_rows),
      store_(objects_of(setup), setup.object_rows * format.columns()),
      buffer_(setup, format.columns()),
      staging_(engine.row_staging.choice, setup, format.columns()),
      states_(static_cast<std::size_t>(setup.requests_max)) {}

void ObjectWorker::new_generation(std::int64_t generation) {
    assert_engine(staging_.in_flight() == 0, "begin_step", "the generation changed while a step was in flight");
    for (State& state : states_) {
        if (!state.alive) continue;
        release_keys(state);
        state = {};
    }
    buffer_.reset();
    generation_ = generation;
}

void ObjectWorker::release_keys(const State& state) { released_.insert(released_.end(), state.keys.rbegin(), state.keys.rend()); }

void ObjectWorker::add_keys(const ObjectMessage& message, const ObjectMessage::Keys& keys) {
    State& state = at(keys.request);
    require(state.alive, "keys are sent of requests that the worker knows");
    for (std::size_t i = keys.first; i < keys.end; ++i) {
        const ObjectKey key{.prefix = message.prefixes[i], .generation = generation_};
        state.keys.push_back(key);
        retained_.push_back(key);
    }
    publish_ready(state, {});
}

void ObjectWorker::begin(const ObjectMessage& message) {
    objects_.clear();
    retained_.clear();
    released_.clear();
    ready_.clear();
    done_.clear();
    if (message.generation > generation_) new_generation(message.generation);
    for (const auto& [request, emit_first] : message.scheduled) {
        State& state = at(request);
        if (!state.alive) {
            state.alive = true;
            state.emit_first = emit_first;
        }
        assert_engine(state.steps > 0 || emit_first <= state.emit_first, "begin_step", "the scheduler's emit cursor moved ahead");
    }
    for (const ObjectMessage::Keys& keys : message.keys) add_keys(message, keys);
    for (const std::int64_t request : message.finished) {
        State& state = at(request);
        require(state.alive, "what finishes is known to the worker");
        state.finished = true;
        if (state.steps > 0) continue;
        done_.push_back(request);
        release_keys(state);
    }
    send_publication();
    for (const std::int64_t request : done_) tear_down(request);
}

void ObjectWorker::save(const RowStep& step) {
    staging_.push(step);
    for (const StepRequest& part : step.requests) ++at(part.request).steps;
}

// Of what is full, that which has a key becomes an object; the rest waits.
void ObjectWorker::publish_ready(State& state, std::span<const FullBlock> full) {
    const std::int64_t keyed_end = std::ssize(state.keys) * block_rows_;
    const auto take = [&](const FullBlock& block) {
        if (block.start >= keyed_end) return false;
        objects_.push_back({.key = state.keys[static_cast<std::size_t>(block.start / block_rows_)], .rows = block.rows});
        ready_.push_back(block);
        return true;
    };
    std::erase_if(state.pending, take);
    for (const FullBlock& block : full)
        if (!take(block)) state.pending.push_back(buffer_.retain(block));
}

void ObjectWorker::send_publication() {
    if (!objects_.empty() || !retained_.empty() || !released_.empty()) store_.put(objects_, retained_, released_);
    for (const FullBlock& block : ready_) buffer_.release(block);
    objects_.clear();
    retained_.clear();
    released_.clear();
    ready_.clear();
}

void ObjectWorker::tear_down(std::int64_t request) {
    State& state = at(request);
    for (const FullBlock& block : state.pending) buffer_.release(block);
    buffer_.discard(request);
    state.keys.clear();
    state.pending.clear();
    state.captured.reset();
    state.alive = state.finished = false;
    state.scheduled = state.emit_first = 0;
}

void ObjectWorker::capture(const StepRequest& part, std::span<const RowTag> rows, bool wanted, std::vector<SentRows>& sent) {
    State& state = at(part.request);
    std::int64_t first = part.first;
    const std::int64_t captured = state.captured.value_or(first);
    assert_engine(first >= captured, "_commit_output", "capture moved backwards");
    if (first > captured) {
        // Tokens that were rejected meanwhile: what is computed now follows on what stayed.
        assert_engine(captured < state.scheduled, "_commit_output", "capture has a gap that nobody scheduled");
        first = captured;
    }
    full_.clear();
    buffer_.capture(part.request, first, rows, full_);
    const std::int64_t end = first + std::ssize(rows) / columns_;
    state.captured = end;
    state.scheduled = part.first + part.tokens;
    publish_ready(state, full_);
    if (!part.sampled || state.emit_first > end) return;
    if (state.emit_first < first) {
        later_.push_back({part.request, state.emit_first, end});
        return;
    }
    if (wanted)
        sent.push_back({part.request, state.emit_first, rows.subspan(static_cast<std::size_t>((state.emit_first - first) * columns_))});
    state.emit_first = end;
}

void ObjectWorker::put_out(std::span<const RequestRows> requests, std::vector<SentRows>& sent) {
    const RowStep step = staging_.oldest();
    const auto columns = static_cast<std::size_t>(columns_);
    later_.clear();
    done_.clear();
    stored_used_ = 0;
    std::size_t row = 0;
    for (const StepRequest& part : step.requests) {
        const auto rows = step.rows.subspan(row * columns, static_cast<std::size_t>(part.tokens - part.rejected) * columns);
        row += static_cast<std::size_t>(part.tokens);
        capture(part, rows, rules_.wants(requests[static_cast<std::size_t>(part.request)]), sent);
    }
    send_publication();
    for (const Later& later : later_) send_stored(later, requests, sent);
    for (const StepRequest& part : step.requests) {
        State& state = at(part.request);
        if (--state.steps > 0 || !state.finished) continue;
        done_.push_back(part.request);
        release_keys(state);
    }
    send_publication();
    for (const std::int64_t request : done_) tear_down(request);
}

// The rows of one of a request's blocks, from the store; missing where the engine's rules say so.
void ObjectWorker::append_stored(const State& state, std::int64_t block, const RequestRows& request) {
    const ObjectKey& key = state.keys[static_cast<std::size_t>(block)];
    std::vector<RowTag>& rows = stored_[stored_used_];
    if (store_.holds(key)) {
        const std::span<const RowTag> held = store_.rows_of(key);
        rows.insert(rows.end(), held.begin(), held.end());
        return;
    }
    const std::int64_t end = (block + 1) * block_rows_;
    const bool unsaid = (rules_.hits == HitRows::missing && end <= request.hit) ||
                        (rules_.loads == LoadedRows::missing && request.hit <= block * block_rows_ && end <= request.hit + request.loaded);
    if (!unsaid && rules_.lost == LostRows::raises)
        refuse({.type = Raised::runtime_error,
                .raised_in = "BlockObjectStore.get_concatenated",
                .message = "an object is not in the store, which holds " + std::to_string(store_.objects()) + " of at most " +
                           std::to_string(store_.objects_max()),
                .figures = {store_.objects(), store_.objects_max()}});
    rows.insert(rows.end(), static_cast<std::size_t>(block_rows_ * columns_), missing_tag);
}

void ObjectWorker::send_stored(const Later& later, std::span<const RequestRows> requests, std::vector<SentRows>& sent) {
    State& state = at(later.request);
    const RequestRows& request = requests[static_cast<std::size_t>(later.request)];
    state.emit_first = later.end;
    if (!rules_.wants(request)) return;
    if (stored_used_ == stored_.size()) stored_.emplace_back();
    std::vector<RowTag>& rows = stored_[stored_used_];
    rows.clear();
    std::int64_t stored_end = std::min(later.end / block_rows_, std::ssize(state.keys)) * block_rows_;
    std::int64_t from = later.first;
    if (later.first < stored_end) {
        from = later.first / block_rows_ * block_rows_;
        for (std::int64_t block = from / block_rows_; block < stored_end / block_rows_; ++block) append_stored(state, block, request);
        for (std::int64_t block = from / block_rows_; block < stored_end / block_rows_; ++block)
            store_.touch(state.keys[static_cast<std::size_t>(block)]);
    } else {
        stored_end = later.first;
    }
    if (stored_end < later.end) {
        const auto open = buffer_.read(later.request, stored_end, later.end);
        rows.insert(rows.end(), open.begin(), open.end());
    }
    rules_.mark_unsaid(request, from, columns_, rows);
    sent.push_back({later.request, later.first, std::span(rows).subspan(static_cast<std::size_t>((later.first - from) * columns_))});
    ++stored_used_;
}

}  // namespace kv
