#include "model/cache/cache_manager.h"
#include "sim/capacity_experiment.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

// What is not worth waiting for: see count_capacity. An entry of a block table is written in about a nanosecond, a call takes eight.
constexpr std::int64_t work_max = std::int64_t{1} << 25;
constexpr std::int64_t call_work = 8;
constexpr std::string_view too_large = "too large to be filled call by call; it can be counted";

struct TooLarge {};

enum class Refused : std::uint8_t { never, before_the_last_step, in_the_last_step };

bool holds_tokens(const KvSpec& spec) {
    return !std::holds_alternative<MambaSpec>(spec) && !std::holds_alternative<CrossSpec>(spec) &&
           !std::holds_alternative<CircularBufferSpec>(spec) && !std::holds_alternative<EncoderOnlySpec>(spec);
}

bool lets_go(const KvSpec& spec) {
    const auto* custom = std::get_if<CustomSpec>(&spec);
    return sliding_of(spec) != nullptr || std::holds_alternative<ChunkedLocalSpec>(spec) || std::holds_alternative<MambaSpec>(spec) ||
           (custom != nullptr && custom->window);
}

// What one request holds in each group: now, and the most so far.
struct Held {
    std::vector<Blocks> idle = {}, peak = {};

    explicit Held(const std::vector<CacheGroup>& groups)
        : idle(groups.size()), peak(groups.size()), groups_(groups), from_(groups.size(), 0) {}

    // Answers how many entries of block tables were looked at.
    std::int64_t see(const CacheRequest& request) {
        std::int64_t looked_at = 0;
        for (std::size_t group = 0; group < groups_.size(); ++group) {
            const std::span<const BlockId> ids = CacheManager::held(request, group);
            std::int64_t held = std::ssize(ids);
            if (lets_go(groups_[group].spec)) {
                std::size_t& from = from_[group];  // Blocks before it have left the window.
                while (from < ids.size() && ids[from] == null_block) ++from;
                looked_at += std::ssize(ids.subspan(from));
                held = std::ssize(ids.subspan(from)) - std::ranges::count(ids.subspan(from), null_block);
            }
            idle[group] = Blocks{held};
            peak[group] = std::max(peak[group], idle[group]);
        }
        return looked_at;
    }

private:
    const std::vector<CacheGroup>& groups_;
    std::vector<std::size_t> from_;
};

class Filling {
public:
    Filling(const Engine& engine, const CapacityCase& given)
        : manager_(engine, experiment_setup(given)), budget_(given.batched_max), encoder_tokens_(given.encoder_tokens) {}

    CapacityTruth fill(Tokens length) {
        CapacityTruth truth{.length = length, .grows = false};
        for (const CacheGroup& group : manager_.setup().groups) truth.grows |= holds_tokens(group.spec);
        std::vector<CacheRequest> idle;
        Held held(manager_.setup().groups);
        for (;;) {
            CacheRequest request;
            if (run(request, length, idle.empty() ? &held : nullptr) != Refused::never) {
                manager_.free(request);
                break;
            }
            idle.push_back(std::move(request));
        }
        truth.requests = std::ssize(idle);
        if (!idle.empty()) {
            truth.idle_blocks = std::move(held.idle);
            truth.peak_blocks = std::move(held.peak);
        }
        truth.further = longest_further(length);
        CacheRequest further;
        if (truth.further > Tokens{0}) run(further, truth.further);
        truth.free = Blocks{manager_.pool().free_count()};
        return truth;
    }

private:
    // A longer request makes the calls of a shorter one up to the chunk in which the shorter one ends, and more tokens never take fewer
    // blocks in one call: so what is refused before its last step is searched by halves. The last step alone may need a block that a
    // longer request would not (a state that moves on just then), and is tried token by token.
    Tokens longest_further(Tokens below) {
        Tokens low{0}, high = below - Tokens{1};
        while (low < high) {
            const Tokens middle{high.value - (high.value - low.value) / 2};
            if (attempt(middle) != Refused::before_the_last_step) low = middle;
            else high = middle - Tokens{1};
        }
        while (low > Tokens{0} && attempt(low) != Refused::never) low -= Tokens{1};
        return low;
    }

    Refused attempt(Tokens tokens) {
        CacheRequest request;
        const Refused refused = run(request, tokens);
        manager_.free(request);
        return refused;
    }

    // All but the last token in chunks of the budget, then one step of one token.
    Refused run(CacheRequest& request, Tokens tokens, Held* held = nullptr) {
        spend(entries_of(tokens));
        request.tokens = request.prompt_tokens = tokens;
        while (request.computed < tokens) {
            const bool last = request.computed == tokens - Tokens{1};
            const Tokens fresh = last ? Tokens{1} : std::min(budget_, tokens - Tokens{1} - request.computed);
            const bool first = request.computed == Tokens{0};
            request.status = first ? RequestStatus::waiting : RequestStatus::running;
            spend(call_work);
            manager_.new_step_starts();
            const AllocateCall call{.new_tokens = fresh,
                                    .encoder_tokens = first ? encoder_tokens_ : Tokens{0},
                                    .whole_request_must_fit = first,
                                    .others_scheduled = false};
            if (!manager_.allocate(request, call)) return last ? Refused::in_the_last_step : Refused::before_the_last_step;
            request.computed += fresh;
            if (held != nullptr) spend(held->see(request));
        }
        return Refused::never;
    }

    void spend(std::int64_t work) {
        if (work > work_left_) throw TooLarge{};
        work_left_ -= work;
    }

    // In the block tables of a request.
    std::int64_t entries_of(Tokens tokens) const {
        std::int64_t entries = 0;
        for (const CacheGroup& group : manager_.setup().groups) {
            const auto* states = std::get_if<MambaSpec>(&group.spec);
            const std::int64_t drafts = states != nullptr ? states->speculative_blocks : 0;
            entries = checked_add(entries, checked_add(ceil_div(tokens, block_of(group.spec)).value, drafts));
        }
        return entries;
    }

    CacheManager manager_;
    Tokens budget_, encoder_tokens_;
    std::int64_t work_left_ = work_max;
};

}  // namespace

CapacityOutcome construct_capacity(const Engine& engine, const CapacityCase& given, Tokens length) {
    require(Tokens{1} <= length && length <= given.setup.model_len_max, "a request has a token, and no more than the longest may have");
    require(given.batched_max >= Tokens{1}, "a step schedules at least one token");
    if (const std::string_view why = no_truth_of(engine, given); !why.empty()) return NoTruth{why};
    try {
        return Filling(engine, given).fill(length);
    } catch (TooLarge) {
        return NoTruth{too_large};
    } catch (RefusedByEngine& refused) {
        return std::move(refused.refusal);
    }
}

}  // namespace kv
