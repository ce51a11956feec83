#include "harness/scenario_requests.h"

#include <algorithm>
#include <string>
#include <utility>

namespace kv {
namespace {

// Texts that requests share have the streams of their numbers; what is a request's own comes after all of those.
constexpr std::int64_t own_streams = std::int64_t{1} << 32;

// Rounded up from what the types behind them take, for as long as the run lasts.
constexpr std::int64_t request_bytes = 1024;
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
    ScenarioRequests requests(std::move(list), front);
    if (auto wrong = requests.measure(scenario)) return *std::move(wrong);
    return requests;
}

std::optional<Diagnostics> ScenarioRequests::measure(const Scenario& scenario) const {
    const std::int64_t known_bytes = request_bytes + scenario.spread.data * std::int64_t{sizeof(void*)};  // Every rank has a table of ids.
    std::vector<std::int64_t> parts(list_.requests.size(), 1);  // Of each text: its own, and those that it goes on from.
    std::int64_t bytes = 0;
    for (std::size_t place = 0; place < list_.requests.size(); ++place) {
        const ScenarioRequest& request = list_.requests[place];
        parts[place] += request.continues ? parts[*request.continues] : request.prefix != 0 ? 1 : 0;
        bytes += known_bytes;
        if (fits(request)) {
            const std::int64_t tokens = text_tokens(request);
            if (tokens > text_tokens_most)
                return told(place_of(scenario, request), "a request of " + std::to_string(tokens) + " tokens: expected " +
                                                             std::to_string(text_tokens_most) + " at most, prompt and output together");
            bytes += tokens / front_.hash_block.value * key_bytes + parts[place] * part_bytes;
            if (scenario.capture.enabled) bytes += tokens * row_bytes;
        }
        if (bytes > request_bytes_most)
            return told(place_of(scenario, request), "with those before it the requests take more than " +
                                                         std::to_string(request_bytes_most >> 20) +
                                                         " MiB: expected fewer, or shorter ones");
    }
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
RequestText ScenarioRequests::text(std::size_t place) const {
    const std::int64_t tokens = text_tokens(list_.requests[place]);
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
        const bool last = i == 0;
        append(own_streams + static_cast<std::int64_t>(chain[i]), last ? tokens : (part.prompt + part.decode).value);
    }
    return text;
}

std::optional<NewRequest> ScenarioRequests::arriving(std::size_t place, EventSink& sink) const {
    const ScenarioRequest& request = list_.requests[place];
    if (!fits(request)) {
        sink.see(RequestRefused{
            .rank = RankId{static_cast<std::int32_t>(request.rank)}, .prompt = request.prompt, .length_max = front_.model_len_max});
        return std::nullopt;
    }
    return NewRequest{.text = text(place),
                      .prompt = request.prompt.value,
                      .outputs_max = outputs(request),
                      .wants_rows = request.routed_experts,
                      .encoder_tokens = request.encoder.value};
}

Happenings ScenarioRequests::happenings(const Scenario& scenario, EventSink& sink) const {
    const auto rank_of = [](std::int64_t rank) { return RankId{static_cast<std::int32_t>(rank)}; };
    Happenings all{.make = [this, &sink](std::size_t place) { return arriving(place, sink); }};
    for (const ScenarioRequest& request : list_.requests)
        all.requests.push_back(
            {.step = request.arrival, .rank = rank_of(request.rank), .abort_at = request.abort_at, .after = request.continues});
    for (const ScenarioReset& reset : scenario.resets) {
        TimedReset& timed = all.resets.emplace_back(TimedReset{.step = reset.step, .preempt_running = reset.preempt_running});
        if (reset.rank) timed.rank = rank_of(*reset.rank);
    }
    return all;
}

}  // namespace kv
