#include "harness/scenario_requests.h"

#include <algorithm>
#include <string>
#include <utility>

namespace kv {
namespace {

// Texts that requests share have the streams of their numbers; what is a request's own comes after all of those.
constexpr std::int64_t own_streams = std::int64_t{1} << 32;

// Rounded up from what the types behind them take, for as long as the run lasts.
constexpr std::int64_t request_bytes = 768;
constexpr std::int64_t key_bytes = sizeof(PrefixKey);
constexpr std::int64_t part_bytes = 64;
constexpr std::int64_t row_bytes = 16;

Diagnostic place_of(const Scenario& scenario, const ScenarioRequest& request) {
    return request.listed ? scenario.requests[*request.listed].place : scenario.workload->place;
}

Diagnostics told(Diagnostic place, std::string message) {
    place.message = std::move(message);
    return {std::move(place)};
}

}  // namespace

std::variant<ScenarioRequests, Diagnostics> ScenarioRequests::of(const Scenario& scenario, RequestList list, const FrontEnd& front) {
    ScenarioRequests requests(std::move(list), front, static_cast<std::size_t>(scenario.spread.data));
    if (auto wrong = requests.take(scenario)) return *std::move(wrong);
    return requests;
}

std::optional<Diagnostics> ScenarioRequests::take(const Scenario& scenario) {
    std::vector<std::int64_t> parts(list_.requests.size(), 1);  // Of each text: its own, and those that it goes on from.
    std::int64_t bytes = 0;
    for (std::size_t place = 0; place < list_.requests.size(); ++place) {
        const ScenarioRequest& request = list_.requests[place];
        parts[place] += request.continues ? parts[*request.continues] : request.prefix != 0 ? 1 : 0;
        const bool fits = Tokens{1} <= request.prompt && request.prompt < front_.model_len_max;
        if (!fits) {
            ++refused_[static_cast<std::size_t>(request.rank)];
            continue;
        }
        const std::int64_t tokens = text_tokens(request);
        if (tokens > text_tokens_most)
            return told(place_of(scenario, request), "a request of " + std::to_string(tokens) + " tokens: expected " +
                                                         std::to_string(text_tokens_most) + " at most, prompt and output together");
        bytes += request_bytes + tokens / front_.hash_block.value * key_bytes + parts[place] * part_bytes;
        if (scenario.capture.enabled) bytes += tokens * row_bytes;
        if (bytes > request_bytes_most)
            return told(place_of(scenario, request), "with those before it the requests take more than " +
                                                         std::to_string(request_bytes_most >> 20) +
                                                         " MiB: expected fewer, or shorter ones");
        arriving_.push_back(place);
    }
    std::ranges::stable_sort(arriving_, {}, [&](std::size_t place) { return list_.requests[place].arrival; });
    for (const std::size_t place : arriving_) of_rank_[static_cast<std::size_t>(list_.requests[place].rank)].push_back(place);
    return std::nullopt;
}

// An engine puts out a token at least.
std::int64_t ScenarioRequests::outputs(const ScenarioRequest& request) const {
    return std::clamp<std::int64_t>(request.decode.value, 1, front_.model_len_max.value - request.prompt.value);
}

std::int64_t ScenarioRequests::text_tokens(const ScenarioRequest& request) const {
    return request.prompt.value + outputs(request) + front_.tokens_ahead_max;
}

// A text begins with the shared one that it names, or with the whole text of the request that it continues, which may do so itself.
RequestText ScenarioRequests::text(std::size_t place, std::int64_t tokens) const {
    std::vector<std::size_t> chain{place};
    while (list_.requests[chain.back()].continues) chain.push_back(*list_.requests[chain.back()].continues);
    RequestText text(front_.hash_block);
    const auto append = [&](std::int64_t stream, std::int64_t end) {
        const std::int64_t from = text.tokens(), to = std::min(end, tokens);
        if (from < to) text.append({.stream = stream, .first = from, .count = to - from});
    };
    const ScenarioRequest& root = list_.requests[chain.back()];
    if (root.prefix != 0) append(root.prefix, root.prefix_tokens.value);
    for (std::size_t i = chain.size(); i-- > 0;) {
        const ScenarioRequest& part = list_.requests[chain[i]];
        const bool whole = i == 0;
        append(own_streams + static_cast<std::int64_t>(chain[i]), whole ? tokens : (part.prompt + part.decode).value);
    }
    return text;
}

NewRequest ScenarioRequests::request(std::size_t place) const {
    const ScenarioRequest& request = list_.requests[place];
    return {.text = text(place, text_tokens(request)),
            .prompt = request.prompt.value,
            .outputs_max = outputs(request),
            .wants_rows = request.routed_experts};
}

std::vector<TimedRequest> ScenarioRequests::timed() const {
    std::vector<TimedRequest> timed;
    timed.reserve(arriving_.size());
    for (const std::size_t place : arriving_) {
        const ScenarioRequest& listed = list_.requests[place];
        timed.push_back({.request = request(place), .step = listed.arrival, .rank = RankId{static_cast<std::int32_t>(listed.rank)}});
    }
    return timed;
}

std::int64_t ScenarioRequests::last_arrival() const { return arriving_.empty() ? -1 : list_.requests[arriving_.back()].arrival; }

}  // namespace kv
