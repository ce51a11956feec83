#include "model/request_holding.h"

#include "model/overload.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kv {
namespace {

// Aligned states where every draft is reckoned rejected: a state is let go of once the tokens that are sure lie past its block, and the
// walk from there to the front ends at the first block that holds none. A state below such a gap stays until the request ends.
class StatesBehindDrafts {
public:
    StatesBehindDrafts(std::int64_t block, std::int64_t drafts) : block_(block), drafts_(drafts) {}

    std::int64_t after(RequestCalls::Call call) {
        let_go(std::max<std::int64_t>(0, call.computed - drafts_));
        const std::int64_t needed = ceil_div(call.end, block_);
        if (states_.empty() || needed - 1 > states_.back()) {
            if (!states_.empty()) before_ = states_.back();
            states_.push_back(needed - 1);
        }
        return std::ssize(states_) + drafts_;
    }

private:
    void let_go(std::int64_t sure) {
        if (sure == 0) return;
        const std::int64_t running = (sure - 1) / block_;  // The block with the last sure token.
        std::int64_t expected = running - 1;
        auto end = std::ranges::upper_bound(states_, expected);
        auto begin = end;
        while (begin != states_.begin() && *(begin - 1) == expected) {
            --begin;
            --expected;
        }
        states_.erase(begin, end);
        const auto before = std::ranges::lower_bound(states_, before_);
        if (before_ < running && before != states_.end() && *before == before_) states_.erase(before);
    }

    std::int64_t block_, drafts_;
    std::vector<std::int64_t> states_ = {};                           // Indexes of the blocks that hold one, the running one last.
    std::int64_t before_ = std::numeric_limits<std::int64_t>::max();  // Where the state before the running one was.
};

}  // namespace

std::int64_t common_period(std::int64_t left, std::int64_t right) {
    std::int64_t multiple = 0;
    const bool past_int64 = __builtin_mul_overflow(left / std::gcd(left, right), right, &multiple);
    return past_int64 ? std::numeric_limits<std::int64_t>::max() : multiple;
}

RequestCalls::RequestCalls(Tokens tokens, Tokens budget)
    : tokens_(tokens.value), budget_(budget.value), chunks_(ceil_div(tokens.value - 1, budget.value)) {}

RequestCalls::Call RequestCalls::operator[](std::int64_t index) const {
    if (index == chunks_) return last();
    const std::int64_t computed = index * budget_;
    return {.computed = computed, .end = computed + std::min(budget_, tokens_ - 1 - computed)};
}

GroupHolding::GroupHolding(const Engine& engine, const KvSpec& spec, const CapacityCase& given) {
    block_ = checked_mul(block_of(spec).value, ranks_sharing(engine, spec, given.setup));
    read(spec, given);
    if (const auto* states = std::get_if<MambaSpec>(&spec)) read_states(*states, engine);
    if (engine.request_gate.choice == RequestGate::whole_request_uncapped) cap_ = std::numeric_limits<std::int64_t>::max();
    if (const auto* sinks = std::get_if<SinkFullSpec>(&spec)) taken_from_pool_ = sinks->sink.value_or(Tokens{0}).value / block_;
}

void GroupHolding::read(const KvSpec& spec, const CapacityCase& given) {
    const auto hold = [this](Keeps keeps, std::int64_t blocks) {
        keeps_ = keeps;
        fixed_ = blocks;
    };
    std::visit(Overload{[](const FullSpec&) {}, [](const SinkFullSpec&) {}, [](const MlaSpec&) {}, [](const HiddenStateSpec&) {},
                        [](const RswaSpec&) {},  // All tokens of the experiment are prompt tokens, which stay visible.
                        [&](const SlidingWindowSpec& window) { read_window(window, given); },
                        [&](const SlidingWindowMlaSpec& window) { read_window(window.sliding, given); },
                        [&](const ChunkedLocalSpec& chunked) {
                            keeps_ = Keeps::chunk;
                            span_ = chunked.chunk.value;
                            const Tokens most = std::min(chunked.chunk + given.batched_max, given.setup.model_len_max);
                            cap_ = ceil_div(most, chunked.cache.block).value;
                        },
                        [&](const CircularBufferSpec&) { hold(Keeps::one_block, 1); }, [](const MambaSpec&) {},
                        [&](const EncoderOnlySpec&) { hold(Keeps::nothing, 0); },
                        [&](const CrossSpec&) { hold(Keeps::encoder, ceil_div(given.encoder_tokens.value, block_)); },
                        [&](const CustomSpec& custom) {
                            if (custom.window) read_window({.cache = {.block = custom.block}, .window = *custom.window}, given);
                        }},
               spec);
}

void GroupHolding::read_window(const SlidingWindowSpec& spec, const CapacityCase& given) {
    keeps_ = Keeps::window;
    const Tokens below = spec.window - Tokens{1} + spec.extra_retained;
    span_ = below.value;
    // One block more than these tokens fill: the window may start inside a block.
    cap_ = ceil_div(std::min(below + given.batched_max, given.setup.model_len_max), spec.cache.block).value + 1;
}

void GroupHolding::read_states(const MambaSpec& spec, const Engine& engine) {
    drafts_ = spec.speculative_blocks;
    drafts_may_fail_ = engine.state_blocks.choice == StateBlocks::running_state && drafts_ > 0;
    if (spec.mode == MambaMode::align) {
        keeps_ = Keeps::aligned_state;
        fixed_ = checked_add(1, drafts_);
        follows_history_ = drafts_may_fail_;
    } else {
        keeps_ = Keeps::last_state;
    }
}

std::int64_t GroupHolding::passed(std::int64_t computed) const {
    switch (keeps_) {
        case Keeps::window:
            return std::max<std::int64_t>(0, computed - span_);
        case Keeps::chunk:
            return computed / span_ * span_;
        case Keeps::last_state:
            return std::max<std::int64_t>(0, computed - (drafts_may_fail_ ? drafts_ : 0) - 1);
        case Keeps::nothing:
        case Keeps::every_token:
        case Keeps::aligned_state:
        case Keeps::one_block:
        case Keeps::encoder:
            return 0;
    }
    return 0;
}

std::int64_t GroupHolding::after(RequestCalls::Call call) const {
    switch (keeps_) {
        case Keeps::nothing:
        case Keeps::one_block:
        case Keeps::encoder:
            return fixed_;
        case Keeps::aligned_state: {
            // The state before stays for one call more where the running one moves on to another block.
            const bool moves = call.computed > 0 && ceil_div(call.end, block_) > ceil_div(call.computed, block_);
            return fixed_ + (moves ? 1 : 0);
        }
        case Keeps::every_token:
        case Keeps::window:
        case Keeps::chunk:
        case Keeps::last_state:
            return ceil_div(call.end, block_) + drafts_ - passed(call.computed) / block_;
    }
    return 0;
}

std::vector<std::int64_t> GroupHolding::after_each(const RequestCalls& calls) const {
    std::vector<std::int64_t> held;
    held.reserve(static_cast<std::size_t>(calls.count()));
    StatesBehindDrafts states(block_, drafts_);
    for (std::int64_t i = 0; i < calls.count(); ++i) held.push_back(follows_history_ ? states.after(calls[i]) : after(calls[i]));
    return held;
}

std::int64_t GroupHolding::asked_on_admission(std::int64_t tokens) const {
    if (fixed_ > 0 || keeps_ == Keeps::nothing || keeps_ == Keeps::encoder) return fixed_;
    return std::min(checked_add(ceil_div(tokens, block_), drafts_), cap_);
}

std::int64_t GroupHolding::period() const {
    if (keeps_ == Keeps::nothing || keeps_ == Keeps::one_block || keeps_ == Keeps::encoder) return 1;
    return keeps_ == Keeps::chunk ? common_period(block_, span_) : block_;
}

}  // namespace kv
