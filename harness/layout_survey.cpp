#include "harness/layout_survey.h"

#include "model/capture/router_offer.h"
#include "model/capture/step_capture.h"

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <thread>
#include <variant>

namespace kv {
namespace {

constexpr std::size_t micro_batches = router_view_names.size();  // The place of that view.

// The engine that a rule is at home in; a patch's rule is looked at on the engine that it patches.
std::vector<std::pair<SurveyedRule, Engine>> surveyed_engines() {
    std::vector<std::pair<SurveyedRule, Engine>> all;
    const auto slot = std::ranges::find(slots(), std::string_view("capture-layout"), &Slot::id);
    for (const RuleText& rule : slot->rules) {
        const auto home = std::ranges::find_if(engines(), [&](const Engine& engine) { return slot->rule_of(engine) == rule.id; });
        Engine engine = home != engines().end() ? *home : engines().front();
        slot->replace(engine, rule.id);
        all.push_back({{.rule = std::string(rule.id), .engine = std::string(engine.name), .publishing = {}}, engine});
    }
    return all;
}

// What tells two views apart, and the rows that an engine would have to take.
struct Seen {
    std::vector<std::int64_t> numbers;
    auto operator<=>(const Seen&) const = default;
};
struct Needed {
    bool from_all_workers = false;
    std::int64_t first = 0;
    friend bool operator==(const Needed&, const Needed&) = default;
};

// Where the rows of a rank begin, found by looking: in the worker's own tensor where they are all there, else in all workers' joined.
std::optional<Needed> needed(const RouterOffer& offer, std::int64_t worker) {
    const std::int64_t own = offer.rank_tokens[static_cast<std::size_t>(offer.dp_rank)];
    if (own == 0) return std::nullopt;
    const auto find = [&](std::int64_t from, std::int64_t to) -> std::optional<std::int64_t> {
        std::int64_t row = 0, found = 0;
        std::optional<std::int64_t> first;
        for (std::int64_t each = from; each < to; ++each) {
            for (const RowSegment& segment : offer.tensor(each)) {
                if (segment.rank == offer.dp_rank && !first) first = row;
                if (segment.rank == offer.dp_rank) found += segment.count;
                row += segment.count;
            }
        }
        return found == own ? first : std::nullopt;
    };
    if (const auto row = find(worker, worker + 1)) return Needed{false, *row};
    return Needed{true, find(0, offer.tp_size).value()};
}

// The shapes that a worker of the rank can tell views apart by: the counts of the ranks and the rows of its tensor.
Seen seen(const RouterOffer& offer, std::int64_t worker) {
    const Dispatch dispatch = offer.dispatch();
    Seen all{{offer.dp_rank, worker, rows_of(offer.tensor(worker)), *dispatch.batch_tokens}};
    if (dispatch.rank_tokens) all.numbers.insert(all.numbers.end(), dispatch.rank_tokens->begin(), dispatch.rank_tokens->end());
    return all;
}

// A step buffer of one layer, in which each row says whose it is.
class SmallBuffer {
public:
    explicit SmallBuffer(std::int64_t rows) : rows_(static_cast<std::size_t>(rows), RowSegment{}) {}

    void copy(const CopiedRows& copied, const RouterOffer& offer, std::int64_t worker) {
        std::int64_t row = 0;
        const std::int64_t workers = copied.from_all_workers ? offer.tp_size : 1;
        for (std::int64_t each = 0; each < workers; ++each) {
            for (const RowSegment& segment : offer.tensor(copied.from_all_workers ? each : worker)) {
                for (std::int64_t i = 0; i < segment.count; ++i, ++row) {
                    const std::int64_t to = row - copied.first;
                    if (0 <= to && to < copied.count)
                        rows_[static_cast<std::size_t>(copied.buffer_first + to)] = {
                            .rank = segment.rank, .first = segment.first + i, .count = 1};
                }
            }
        }
    }

    bool holds(std::int64_t rank, std::int64_t tokens) const {
        for (std::int64_t row = 0; row < tokens; ++row)
            if (rows_[static_cast<std::size_t>(row)] != RowSegment{.rank = rank, .first = row, .count = 1}) return false;
        return true;
    }

private:
    std::vector<RowSegment> rows_;
};

using Offers = std::vector<RouterOffer>;  // One, or those of two micro-batches.

void judge(const Engine& engine, const Offers& offers, std::int64_t worker, LayoutCounts& counts) {
    const RouterOffer& last = offers.back();
    const std::int64_t tokens = last.batch_start + last.rank_tokens[static_cast<std::size_t>(last.dp_rank)];
    std::int64_t rows = 1;
    for (const RouterOffer& offer : offers) rows += offer.workers_rows();
    SmallBuffer buffer(rows);
    ++counts.cases;
    for (const RouterOffer& offer : offers) {
        const Captured captured =
            capture_call(engine, StepBufferShape{.rows = rows, .layers = 1, .columns = 1},
                         {.layer = 0, .rows = rows_of(offer.tensor(worker)), .columns = 1}, offer.dispatch(), offer.workers_rows());
        if (std::holds_alternative<Refusal>(captured.outcome)) {
            ++counts.refused;
            return;
        }
        if (std::holds_alternative<RowsSkipped>(captured.outcome)) {
            ++counts.skipped;
            return;
        }
        buffer.copy(std::get<CopiedRows>(captured.outcome), offer, worker);
    }
    ++(buffer.holds(last.dp_rank, tokens) ? counts.right : counts.wrong);
}

// All steps of so many ranks with so many tensor-parallel workers each.
class Survey {
public:
    Survey(const SurveyBounds& bounds, std::int64_t ranks, std::int64_t tp_size)
        : bounds_(bounds), tp_size_(tp_size), tokens_(static_cast<std::size_t>(ranks), 0), engines_(surveyed_engines()) {}

    std::vector<SurveyedRule> counted() {
        do each_step([&](std::size_t, const Offers& offers) { learn(offers); });
        while (next_tokens());
        do each_step([&](std::size_t view, const Offers& offers) { count(view, offers); });
        while (next_tokens());
        std::vector<SurveyedRule> rules;
        for (auto& [rule, engine] : engines_) rules.push_back(std::move(rule));
        return rules;
    }

private:
    // Like an odometer; false: it began again at zero.
    bool next_tokens() {
        for (std::int64_t& count : tokens_) {
            if (count < bounds_.tokens_max) return ++count, true;
            count = 0;
        }
        return false;
    }

    template <class Take>
    void each_step(Take take) {
        for (std::int64_t rank = 0; rank < std::ssize(tokens_); ++rank) {
            for (std::size_t view = 0; view < router_view_names.size(); ++view) {
                const auto kind = static_cast<RouterView>(view);
                const bool pads = kind == RouterView::padded_gather || kind == RouterView::graph_padded;
                for (std::int64_t padding = 0; padding <= (pads ? bounds_.padding_max : 0); ++padding)
                    take(view, Offers{offer(kind, rank, padding, 0)});
            }
            // Two micro-batches with as many tokens each.
            const std::int64_t second = tokens_[static_cast<std::size_t>(rank)];
            for (const RouterView kind : {RouterView::joined, RouterView::local, RouterView::gathered_shards, RouterView::shard})
                take(micro_batches, Offers{offer(kind, rank, 0, 0), offer(kind, rank, 0, second)});
        }
    }

    RouterOffer offer(RouterView view, std::int64_t rank, std::int64_t padding, std::int64_t start) const {
        return offered(view, {.rank_tokens = tokens_, .padding = padding, .batch_start = start, .dp_rank = rank, .tp_size = tp_size_});
    }

    void learn(const Offers& offers) {
        if (offers.size() > 1) return;
        const RouterOffer& offer = offers.front();
        for (std::int64_t worker = 0; worker < tp_size_; ++worker) {
            const auto rows = needed(offer, worker);
            if (!rows) return;
            const auto [entry, first] = needs_.try_emplace(seen(offer, worker), Need{*rows, false});
            if (!first && entry->second.rows != *rows) entry->second.ambiguous = true;
        }
    }

    bool ambiguous(const Offers& offers, std::int64_t worker) const {
        if (offers.size() > 1) return false;
        const auto known = needs_.find(seen(offers.front(), worker));
        return known != needs_.end() && known->second.ambiguous;
    }

    void count(std::size_t view, const Offers& offers) {
        const auto workers = static_cast<std::int64_t>(offers.front().tensors.size());
        for (std::int64_t worker = 0; worker < workers; ++worker) {
            const bool unclear = ambiguous(offers, worker);
            for (auto& [rule, engine] : engines_) {
                LayoutCounts& counts = (worker == 0 ? rule.publishing : rule.other_workers)[view];
                judge(engine, offers, worker, counts);
                if (unclear) ++counts.ambiguous;
            }
        }
    }

    struct Need {
        Needed rows;
        bool ambiguous;
    };

    SurveyBounds bounds_;
    std::int64_t tp_size_;
    std::vector<std::int64_t> tokens_;
    std::vector<std::pair<SurveyedRule, Engine>> engines_;
    std::map<Seen, Need> needs_;
};

void add(std::vector<SurveyedRule>& sum, const std::vector<SurveyedRule>& part) {
    for (std::size_t rule = 0; rule < sum.size(); ++rule) {
        for (std::size_t view = 0; view < surveyed_views; ++view) {
            sum[rule].publishing[view] += part[rule].publishing[view];
            sum[rule].other_workers[view] += part[rule].other_workers[view];
        }
    }
}

}  // namespace

LayoutCounts& LayoutCounts::operator+=(const LayoutCounts& other) {
    cases += other.cases;
    right += other.right;
    wrong += other.wrong;
    refused += other.refused;
    skipped += other.skipped;
    ambiguous += other.ambiguous;
    return *this;
}

std::string_view surveyed_view_name(std::size_t view) { return view < micro_batches ? router_view_names[view] : "micro-batches"; }

std::vector<SurveyedRule> survey_layouts(const SurveyBounds& bounds) {
    std::vector<SurveyedRule> sum;
    for (auto& [rule, engine] : surveyed_engines()) sum.push_back(std::move(rule));
    const auto most = bounds.threads == 0 ? std::max(1U, std::thread::hardware_concurrency()) : bounds.threads;
    std::vector<std::future<std::vector<SurveyedRule>>> running;
    const auto take_first = [&] {
        add(sum, running.front().get());
        running.erase(running.begin());
    };
    for (std::int64_t ranks = bounds.ranks_max; ranks > 0; --ranks) {
        for (std::int64_t tp_size = 1; tp_size <= bounds.tp_max; ++tp_size) {
            if (running.size() == most) take_first();
            running.push_back(std::async(std::launch::async, [=] { return Survey(bounds, ranks, tp_size).counted(); }));
        }
    }
    while (!running.empty()) take_first();
    return sum;
}

}  // namespace kv
