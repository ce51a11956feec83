#include "model/cache/cache_manager.h"
#include "sim/capacity_experiment.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

// What is not worth waiting for: see count_capacity.
constexpr std::int64_t entries_max = std::int64_t{1} << 24;  // Of a request's block tables.
constexpr std::int64_t calls_max = std::int64_t{1} << 26;
constexpr std::string_view too_large = "too large to be filled call by call; it can be counted";

struct TooLarge {};

enum class Refused : std::uint8_t { never, before_the_last_step, in_the_last_step };

// The most and the last that one request held in each group.
struct Held {
    std::vector<Blocks> idle = {}, peak = {};

    void see(const CacheRequest& request) {
        idle.resize(request.holdings.size());
        peak.resize(request.holdings.size());
        from_.resize(request.holdings.size(), 0);
        for (std::size_t group = 0; group < idle.size(); ++group) {
            const std::span<const BlockId> ids = CacheManager::held(request, group);
            std::size_t& from = from_[group];  // Blocks before it have left the window.
            while (from < ids.size() && ids[from] == null_block) ++from;
            idle[group] = Blocks{std::ssize(ids.subspan(from)) - std::ranges::count(ids.subspan(from), null_block)};
            peak[group] = std::max(peak[group], idle[group]);
        }
    }

private:
    std::vector<std::size_t> from_ = {};
};

class Filling {
public:
    Filling(const Engine& engine, const CapacityCase& given)
        : manager_(engine, experiment_setup(given)), budget_(given.batched_max), encoder_tokens_(given.encoder_tokens) {}

    CapacityTruth fill(Tokens length) {
        CapacityTruth truth{.length = length, .grows = false};
        for (const CacheGroup& group : manager_.setup().groups) truth.grows |= holds_tokens(group.spec);
        std::vector<CacheRequest> idle;
        Held held;
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
    static bool holds_tokens(const KvSpec& spec) {
        return !std::holds_alternative<MambaSpec>(spec) && !std::holds_alternative<CrossSpec>(spec) &&
               !std::holds_alternative<CircularBufferSpec>(spec) && !std::holds_alternative<EncoderOnlySpec>(spec);
    }

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
        request.tokens = request.prompt_tokens = tokens;
        while (request.computed < tokens) {
            const bool last = request.computed == tokens - Tokens{1};
            const Tokens fresh = last ? Tokens{1} : std::min(budget_, tokens - Tokens{1} - request.computed);
            const bool first = request.computed == Tokens{0};
            request.status = first ? RequestStatus::waiting : RequestStatus::running;
            if (calls_left_-- == 0) throw TooLarge{};
            manager_.new_step_starts();
            const AllocateCall call{.new_tokens = fresh,
                                    .encoder_tokens = first ? encoder_tokens_ : Tokens{0},
                                    .whole_request_must_fit = first,
                                    .others_scheduled = false};
            if (!manager_.allocate(request, call)) return last ? Refused::in_the_last_step : Refused::before_the_last_step;
            request.computed += fresh;
            if (held != nullptr) held->see(request);
        }
        return Refused::never;
    }

    CacheManager manager_;
    Tokens budget_, encoder_tokens_;
    std::int64_t calls_left_ = calls_max;
};

// In the block tables of one request.
std::int64_t entries_of(const CapacityCase& given, Tokens length) {
    std::int64_t entries = 0;
    for (const CacheGroup& group : given.setup.groups) entries = checked_add(entries, ceil_div(length, block_of(group.spec)).value);
    return entries;
}

}  // namespace

CapacityOutcome construct_capacity(const Engine& engine, const CapacityCase& given, Tokens length) {
    require(Tokens{1} <= length && length <= given.setup.model_len_max, "a request has a token, and no more than the longest may have");
    require(given.batched_max >= Tokens{1}, "a step schedules at least one token");
    if (const std::string_view why = no_truth_of(engine, given); !why.empty()) return NoTruth{why};
    try {
        if (entries_of(given, length) > entries_max) return NoTruth{too_large};
        return Filling(engine, given).fill(length);
    } catch (TooLarge) {
        return NoTruth{too_large};
    } catch (RefusedByEngine& refused) {
        return std::move(refused.refusal);
    }
}

}  // namespace kv
