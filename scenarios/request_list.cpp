// The requests of a scenario one by one; the last part of scenarios/scenario.h.
#include "model/contract.h"
#include "scenarios/scenario.h"
#include "scenarios/seeded_draw.h"
#include "scenarios/workload_csv.h"

#include <algorithm>
#include <map>
#include <utility>

namespace kv {
namespace {

constexpr std::size_t acceptance_patterns = 64;  // Of a workload; each request has one of them.
constexpr std::size_t acceptance_steps = 16;     // After which a pattern begins anew.

// Requests that say no rank go to one after another.
class Turns {
public:
    explicit Turns(std::int64_t ranks) : ranks_(ranks) {}
    std::int64_t next() { return std::exchange(turn_, (turn_ + 1) % ranks_); }

private:
    std::int64_t ranks_;
    std::int64_t turn_ = 0;
};

class Listing {
public:
    explicit Listing(const Scenario& scenario) : scenario_(scenario), turns_(scenario.spread.data) {
        list_.acceptances.emplace_back();
        list_.draftings.emplace_back();
    }

    void add_listed();
    void add(const Workload& workload);
    void draw();
    RequestList take() { return std::move(list_); }

private:
    ScenarioRequest of_workload(std::int64_t number);
    void draw_choices(SeededDraw& draw, ScenarioRequest& request) const;
    std::size_t add_patterns(SeededDraw& draw);  // Place of the first.
    std::uint64_t seed() const { return static_cast<std::uint64_t>(scenario_.workload->seed.value_or(scenario_.seed)); }

    const Scenario& scenario_;
    Turns turns_;
    RequestList list_;
    std::map<std::string, std::int64_t> texts_ = {};  // Numbers of shared texts by name.
};

// Where a pattern is put; without one: the first.
std::size_t placed(const std::vector<std::int64_t>& pattern, std::vector<std::vector<std::int64_t>>& patterns) {
    if (pattern.empty()) return 0;
    patterns.push_back(pattern);
    return patterns.size() - 1;
}

void Listing::add_listed() {
    std::vector<std::size_t> first_of;  // By listed request: where its copies begin.
    for (std::size_t place = 0; place < scenario_.requests.size(); ++place) {
        const ListedRequest& listed = scenario_.requests[place];
        first_of.push_back(list_.requests.size());
        const std::size_t acceptance = placed(listed.accepted, list_.acceptances);
        const std::size_t drafting = placed(listed.drafted, list_.draftings);
        const auto next_text = static_cast<std::int64_t>(texts_.size()) + 1;
        const std::int64_t text = listed.prefix ? texts_.try_emplace(*listed.prefix, next_text).first->second : 0;
        for (std::int64_t copy = 0; copy < listed.count; ++copy) {
            ScenarioRequest request{.arrival = checked_add(listed.arrival, checked_mul(copy, listed.every)),
                                    .rank = listed.rank ? *listed.rank : turns_.next(),
                                    .prompt = listed.prompt,
                                    .decode = listed.decode,
                                    .encoder = listed.encoder,
                                    .prefix = text,
                                    .prefix_tokens = listed.prefix_tokens,
                                    .external = listed.external,
                                    .external_steps = listed.external_steps,
                                    .external_fails = listed.external_fails,
                                    .external_block = listed.external_block,
                                    .external_end = listed.external_end,
                                    .routed_experts = listed.routed_experts.value_or(scenario_.capture.opt_in),
                                    .abort_at = listed.abort_at,
                                    .acceptance = acceptance,
                                    .drafting = drafting,
                                    .listed = place,
                                    .copy = copy + 1};
            if (request.abort_at) *request.abort_at = checked_add(*request.abort_at, checked_mul(copy, listed.every));
            if (listed.continues) {
                const bool one = scenario_.requests[*listed.continues].count == 1;
                request.continues = first_of[*listed.continues] + static_cast<std::size_t>(one ? 0 : copy);
            }
            list_.requests.push_back(request);
        }
    }
}

ScenarioRequest Listing::of_workload(std::int64_t number) {
    ScenarioRequest request{.rank = turns_.next(), .routed_experts = scenario_.capture.opt_in, .copy = number};
    return request;
}

std::size_t Listing::add_patterns(SeededDraw& draw) {
    const std::int64_t drafts = scenario_.model.settings.drafting.tokens;
    const Share chance = scenario_.workload->acceptance;
    if (drafts == 0 || chance.part == chance.of) return 0;
    const std::size_t first = list_.acceptances.size();
    for (std::size_t pattern = 0; pattern < acceptance_patterns; ++pattern) {
        std::vector<std::int64_t>& steps = list_.acceptances.emplace_back();
        for (std::size_t step = 0; step < acceptance_steps; ++step) {
            std::int64_t accepted = 0;
            while (accepted < drafts && draw.happens(chance)) ++accepted;
            steps.push_back(accepted);
        }
    }
    return first;
}

void Listing::draw_choices(SeededDraw& draw, ScenarioRequest& request) const {
    const WorkloadSource& source = *scenario_.workload;
    if (draw.happens(source.aborts)) request.abort_at = checked_add(request.arrival, draw.between(1, source.abort_within));
}

void Listing::add(const Workload& workload) {
    const WorkloadSource& source = *scenario_.workload;
    SeededDraw draw(seed());
    const std::size_t patterns = add_patterns(draw);
    const auto texts = static_cast<std::int64_t>(texts_.size());
    std::map<std::int64_t, std::int64_t> numbers;  // Of shared texts by the file's group.
    const auto wanted = static_cast<std::size_t>(source.requests.value_or(static_cast<std::int64_t>(workload.requests.size())));
    for (std::size_t i = 0; i < std::min(wanted, workload.requests.size()); ++i) {
        const WorkloadRequest& line = workload.requests[i];
        ScenarioRequest request = of_workload(static_cast<std::int64_t>(i) + 1);
        request.arrival = line.arrival / source.arrivals_per_step;
        request.prompt = line.prompt;
        request.decode = line.output;
        if (line.prefix_group != 0 && draw.happens(source.share)) {
            const auto next = texts + static_cast<std::int64_t>(numbers.size()) + 1;
            request.prefix = numbers.try_emplace(line.prefix_group, next).first->second;
            request.prefix_tokens = line.prefix;
        }
        if (patterns > 0) request.acceptance = patterns + static_cast<std::size_t>(draw.below(acceptance_patterns));
        draw_choices(draw, request);
        list_.requests.push_back(request);
    }
}

void Listing::draw() {
    const WorkloadSource& source = *scenario_.workload;
    SeededDraw draw(seed());
    const std::size_t patterns = add_patterns(draw);
    const auto texts = static_cast<std::int64_t>(texts_.size());
    const auto length = [&](const TokenSpan& span) { return Tokens(draw.between(span.least.value, span.most.value)); };
    for (std::int64_t number = 1; number <= *source.requests; ++number) {
        ScenarioRequest request = of_workload(number);
        request.arrival = checked_mul(number - 1, source.arrival_every);
        request.prompt = length(source.prompt);
        request.decode = length(source.decode);
        if (source.prefixes > 0 && draw.happens(source.share)) {
            request.prefix = texts + draw.between(1, source.prefixes);
            request.prefix_tokens = std::min(length(source.prefix_tokens), request.prompt);
        }
        if (patterns > 0) request.acceptance = patterns + static_cast<std::size_t>(draw.below(acceptance_patterns));
        draw_choices(draw, request);
        list_.requests.push_back(request);
    }
}

}  // namespace

std::variant<RequestList, Diagnostics> requests_of(const Scenario& scenario) {
    Listing listing(scenario);
    listing.add_listed();
    if (!scenario.workload) return listing.take();
    if (!scenario.workload->file) {
        listing.draw();
        return listing.take();
    }
    const auto read = load_workload(beside(scenario.file, *scenario.workload->file));
    if (const auto* errors = std::get_if<Diagnostics>(&read)) return *errors;
    listing.add(std::get<Workload>(read));
    RequestList list = listing.take();
    if (list.requests.size() <= scenario_requests_max) return list;
    Diagnostic place = scenario.workload->place;
    place.message = "has " + std::to_string(list.requests.size()) + " requests with those that are listed: expected " +
                    std::to_string(scenario_requests_max) + " at most; `requests` takes the file's first";
    return Diagnostics{place};
}

std::string request_id(const Scenario& scenario, const ScenarioRequest& request) {
    if (!request.listed) return 'w' + std::to_string(request.copy);
    const ListedRequest& listed = scenario.requests[*request.listed];
    return listed.count == 1 ? listed.id : listed.id + '#' + std::to_string(request.copy);
}

}  // namespace kv
