#include "model/capacity_count.h"

#include "model/cache/cache_manager.h"
#include "model/request_holding.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace kv {
namespace {

constexpr std::int64_t calls_max = std::int64_t{1} << 22;  // That are looked at in all.
constexpr std::string_view too_many_calls = "budget, blocks and chunks have no short period: too many different calls to count";

struct TooManyCalls {};

// What one request of the case holds in all groups together.
class RequestCount {
public:
    RequestCount(const Engine& engine, const CapacityCase& given)
        : budget_(given.batched_max), asks_for_all_(engine.request_gate.choice != RequestGate::next_chunk) {
        groups_.reserve(given.setup.groups.size());
        for (const CacheGroup& group : given.setup.groups) {
            groups_.emplace_back(engine, group.spec, given);
            period_ = common_period(period_, groups_.back().period());
            follows_history_ |= groups_.back().follows_history();
        }
        if (period_ < std::numeric_limits<std::int64_t>::max()) period_ /= std::gcd(period_, budget_.value);
    }

    const std::vector<GroupHolding>& groups() const { return groups_; }

    // The most that must be free for all calls before the last to succeed; never less for a longer request. The calls before the last
    // chunk are those of every longer request, and a chunk that goes further takes no less.
    std::int64_t needed_before_last(Tokens tokens) {
        const RequestCalls calls(tokens, budget_);
        const std::vector<std::int64_t> history = history_of(calls);
        std::int64_t most = asks_for_all_ ? admission(tokens) : 0;
        for (std::int64_t i = first_that_counts(calls); i + 1 < calls.count(); ++i) most = std::max(most, held(calls[i], i, history));
        return most;
    }

    std::int64_t after_last(Tokens tokens) {
        const RequestCalls calls(tokens, budget_);
        spend(1);
        return held(calls.last(), calls.count() - 1, history_of(calls));
    }

    std::int64_t needed(Tokens tokens) { return std::max(needed_before_last(tokens), after_last(tokens)); }

    void count_groups(Tokens tokens, CapacityTruth& truth) {
        const RequestCalls calls(tokens, budget_);
        for (const GroupHolding& group : groups_) {
            if (group.follows_history()) {
                spend(calls.count());
                const std::vector<std::int64_t> held = group.after_each(calls);
                truth.idle_blocks.emplace_back(held.back());
                truth.peak_blocks.emplace_back(std::ranges::max(held));
                continue;
            }
            std::int64_t most = 0;
            for (std::int64_t i = first_that_counts(calls); i < calls.count(); ++i) most = std::max(most, group.after(calls[i]));
            truth.idle_blocks.emplace_back(group.after(calls.last()));
            truth.peak_blocks.emplace_back(most);
        }
    }

private:
    void spend(std::int64_t calls) {
        if (calls > calls_left_) throw TooManyCalls{};
        calls_left_ -= calls;
    }

    // A whole chunk one period later takes no less in any group: a period is whole blocks, and what left a window grows by no more than
    // the tokens do. So of the whole chunks only the last period counts, beside the rest of the last chunk and the last token.
    std::int64_t first_that_counts(const RequestCalls& calls) {
        const std::int64_t before_last = calls.count() - 1;
        const std::int64_t looked_at = follows_history_ ? before_last : std::min(before_last, period_) + 1;
        spend(looked_at + 1);
        return std::max<std::int64_t>(0, before_last - looked_at);
    }

    // Of the groups whose holding depends on the calls before; empty where there is none.
    std::vector<std::int64_t> history_of(const RequestCalls& calls) {
        if (!follows_history_) return {};
        spend(calls.count());
        std::vector<std::int64_t> sum(static_cast<std::size_t>(calls.count()), 0);
        for (const GroupHolding& group : groups_) {
            if (!group.follows_history()) continue;
            const std::vector<std::int64_t> held = group.after_each(calls);
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = checked_add(sum[i], held[i]);
        }
        return sum;
    }

    std::int64_t held(RequestCalls::Call call, std::int64_t index, const std::vector<std::int64_t>& history) const {
        std::int64_t sum = history.empty() ? 0 : history[static_cast<std::size_t>(index)];
        for (const GroupHolding& group : groups_)
            if (!group.follows_history()) sum = checked_add(sum, group.after(call));
        return sum;
    }

    std::int64_t admission(Tokens tokens) const {
        std::int64_t sum = 0;
        for (const GroupHolding& group : groups_) sum = checked_add(sum, group.asked_on_admission(tokens.value));
        return sum;
    }

    std::vector<GroupHolding> groups_ = {};
    Tokens budget_;
    bool asks_for_all_;
    bool follows_history_ = false;
    std::int64_t period_ = 1;  // In whole chunks.
    std::int64_t calls_left_ = calls_max;
};

// The longest request of less than `below` tokens that `free` blocks are enough for.
Tokens longest_that_fits(RequestCount& request, Tokens below, std::int64_t free) {
    Tokens low{0}, high = below - Tokens{1};
    while (low < high) {
        const Tokens middle{high.value - (high.value - low.value) / 2};
        if (request.needed_before_last(middle) <= free) low = middle;
        else high = middle - Tokens{1};
    }
    // The last step is asked one by one: it is not monotone where a state moves to its next block in it.
    while (low > Tokens{0} && request.after_last(low) > free) low -= Tokens{1};
    return low;
}

CapacityTruth count(const Engine& engine, const CapacityCase& given, Tokens length) {
    RequestCount request(engine, given);
    CapacityTruth truth{.length = length, .grows = false};
    std::int64_t free = std::max<std::int64_t>(0, given.setup.blocks.value - 1);  // Without the null block.
    for (const GroupHolding& group : request.groups()) {
        free = std::max<std::int64_t>(0, free - group.taken_from_pool());
        truth.grows |= group.holds_tokens();
    }
    if (const std::int64_t needed = request.needed(length); needed <= free) {
        const std::int64_t idle = request.after_last(length);
        truth.requests = (free - needed) / idle + 1;
        free -= truth.requests * idle;
        request.count_groups(length, truth);
    }
    truth.further = longest_that_fits(request, length, free);
    truth.free = Blocks{free - (truth.further > Tokens{0} ? request.after_last(truth.further) : 0)};
    return truth;
}

// Whether the engine makes a manager for such groups: asked with no more blocks than that takes.
std::optional<Refusal> refusal_of(const Engine& engine, const CapacityCase& given) {
    std::int64_t taken = 0;
    for (const CacheGroup& group : given.setup.groups)
        taken = checked_add(taken, GroupHolding(engine, group.spec, given).taken_from_pool());
    CacheSetup setup = experiment_setup(given);
    setup.blocks = std::min(setup.blocks, Blocks{checked_add(taken, 1)});
    try {
        const CacheManager manager(engine, std::move(setup));
    } catch (RefusedByEngine& refused) {
        return std::move(refused.refusal);
    }
    return std::nullopt;
}

}  // namespace

CapacityOutcome count_planned_capacity(const Engine& engine, const CapacityCase& given, Tokens length) {
    require(Tokens{1} <= length && length <= given.setup.model_len_max, "a request has a token, and no more than the longest may have");
    require(given.batched_max >= Tokens{1}, "a step schedules at least one token");
    if (const std::string_view why = no_truth_of(engine, given); !why.empty()) return NoTruth{why};
    try {
        return count(engine, given, length);
    } catch (TooManyCalls) {
        return NoTruth{too_many_calls};
    }
}

CapacityOutcome count_capacity(const Engine& engine, const CapacityCase& given, Tokens length) {
    if (no_truth_of(engine, given).empty())
        if (std::optional<Refusal> refused = refusal_of(engine, given)) return std::move(*refused);
    return count_planned_capacity(engine, given, length);
}

Tokens capacity_grain(const Engine& engine, const CapacityCase& given, Tokens length) {
    std::int64_t growing = 0, bounded = 0;
    for (const CacheGroup& group : given.setup.groups) {
        const GroupHolding holding(engine, group.spec, given);
        if (holding.holds_every_token()) growing = std::max(growing, holding.block());
        else if (holding.holds_tokens()) bounded = std::max(bounded, holding.block());
    }
    if (growing == 0 && bounded == 0) return length - Tokens{1};
    return Tokens{growing > 0 ? growing : bounded};
}

}  // namespace kv
