// How many requests of a workload fit at once: each takes what a request of its length holds when it is idle, and is admitted while the
// pool that is left would admit it.
#include "harness/capacity_pool.h"
#include "model/capacity_count.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

namespace kv {

namespace {

constexpr std::int64_t starts_max = 9;
constexpr std::size_t tried_max = 100'000;  // Requests from each starting point.

class Filling {
public:
    Filling(const Engine& engine, const CapacityCase& given) : engine_(engine), given_(given) {}

    struct Filled {
        std::int64_t requests = 0;
        Tokens tokens = {};
        friend auto operator<=>(const Filled&, const Filled&) = default;
    };

    // Requests in turn, from one of them round to the one before it, until one does not fit.
    Filled fill(const std::vector<Tokens>& lengths, std::size_t start) {
        Filled filled;
        Blocks free = given_.setup.blocks - Blocks{1};
        for (std::size_t i = 0; i < std::min(lengths.size(), tried_max); ++i) {
            const Tokens length = lengths[(start + i) % lengths.size()];
            const Blocks idle = idle_of(length);
            if (idle > free || !fits(length, free)) break;
            free -= idle;
            ++filled.requests;
            filled.tokens += length;
        }
        return filled;
    }

private:
    struct Need {
        Blocks idle;
        std::optional<Blocks> enough;  // So many free blocks were seen to admit it, and ...
        Blocks too_few{0};             // ... so many to refuse it.
    };

    Need& need_of(Tokens length) {
        const auto [entry, added] = needs_.try_emplace(length.value);
        if (!added) return entry->second;
        const CapacityOutcome outcome = count_capacity(engine_, given_, length);
        const auto* truth = std::get_if<CapacityTruth>(&outcome);
        if (truth != nullptr && truth->requests > 0) {
            entry->second.idle = std::accumulate(truth->idle_blocks.begin(), truth->idle_blocks.end(), Blocks{0});
            entry->second.enough = given_.setup.blocks - Blocks{1};
        }
        return entry->second;
    }

    Blocks idle_of(Tokens length) { return need_of(length).idle; }

    // Whether a pool with so many free blocks admits a request of this length.
    bool fits(Tokens length, Blocks free) {
        Need& need = need_of(length);
        if (!need.enough || free <= need.too_few) return false;
        if (free >= *need.enough) return true;
        CapacityCase smaller = given_;
        smaller.setup.blocks = free + Blocks{1};
        const CapacityOutcome outcome = count_capacity(engine_, smaller, length);
        const auto* truth = std::get_if<CapacityTruth>(&outcome);
        const bool admitted = truth != nullptr && truth->requests > 0;
        if (admitted) need.enough = free;
        else need.too_few = free;
        return admitted;
    }

    const Engine& engine_;
    const CapacityCase& given_;
    std::map<std::int64_t, Need> needs_;
};

// By nearest rank: the shortest request that so many percent are no longer than.
Tokens percentile(const std::vector<Tokens>& sorted, std::size_t percent) {
    constexpr std::size_t whole = 100;
    const std::size_t rank = (sorted.size() * percent + whole - 1) / whole;
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Tokens mean(const std::vector<Tokens>& lengths) {
    const Tokens sum = std::accumulate(lengths.begin(), lengths.end(), Tokens{0});
    return Tokens{(sum.value + std::ssize(lengths) / 2) / std::ssize(lengths)};
}

}  // namespace

WorkloadFit fit_workload(const Engine& engine, const CapacityCase& given, const Workload& workload, Tokens model_len_max) {
    struct Percentile {
        std::string_view name;
        std::size_t percent;
    };
    constexpr std::array<Percentile, 4> percentiles{{{"p50", 50}, {"p90", 90}, {"p99", 99}, {"max", 100}}};
    WorkloadFit fit{.points = {}, .requests = std::ssize(workload.requests)};
    std::vector<Tokens> lengths;
    for (const WorkloadRequest& request : workload.requests)
        if (request.length() <= model_len_max) lengths.push_back(request.length());
    fit.too_long = fit.requests - std::ssize(lengths);
    if (lengths.empty()) return fit;
    std::vector<Tokens> sorted = lengths;
    std::ranges::sort(sorted);
    const auto add = [&](std::string_view name, Tokens length) {
        fit.points.push_back({name, {length, count_capacity(engine, given, length)}});
    };
    for (const Percentile& each : percentiles) add(each.name, percentile(sorted, each.percent));
    add("mean", mean(lengths));

    Filling filling(engine, given);
    std::vector<Filling::Filled> filled;
    fit.starts = std::min(starts_max, std::ssize(lengths));
    for (std::int64_t i = 0; i < fit.starts; ++i)
        filled.push_back(filling.fill(lengths, static_cast<std::size_t>(std::ssize(lengths) / fit.starts * i)));
    std::ranges::sort(filled);
    const Filling::Filled& middle = filled[filled.size() / 2];
    fit.fewest = filled.front().requests;
    fit.median = middle.requests;
    fit.most = filled.back().requests;
    fit.median_tokens = middle.tokens;
    return fit;
}

}  // namespace kv
