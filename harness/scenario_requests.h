// The requests of a scenario as an engine's front end takes them in, with their texts.
#pragma once

#include "scenarios/scenario.h"
#include "sim/simulation.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace kv {

// What texts and rows of all requests may take together, and the longest text.
inline constexpr std::int64_t request_bytes_most = std::int64_t{2} << 30;
inline constexpr std::int64_t text_tokens_most = std::int64_t{1} << 24;

struct FrontEnd {
    Tokens model_len_max{8192};
    TokensPerBlock hash_block{16};
    std::int64_t tokens_ahead_max = 0;  // That a step in flight may compute past the last output: drafts that nobody will take.
};

class ScenarioRequests {
public:
    // A prompt that leaves no room for an output is refused, as the engines refuse it; a longest output is cut to the room that there is.
    // What would take too much memory is told at its place.
    static std::variant<ScenarioRequests, Diagnostics> of(const Scenario& scenario, RequestList list, const FrontEnd& front);

    // A request's place in the list is its id.
    const ScenarioRequest& listed(RequestId id) const { return list_.requests[static_cast<std::size_t>(id)]; }
    std::size_t size() const { return list_.requests.size(); }
    std::span<const std::int64_t> accepted(const ScenarioRequest& request) const { return list_.acceptances[request.acceptance]; }
    std::span<const std::int64_t> drafted(const ScenarioRequest& request) const { return list_.draftings[request.drafting]; }

    // All that comes, and when; texts are made as requests arrive. Who is refused is told to the sink. Both outlive what is made.
    Happenings happenings(const Scenario& scenario, EventSink& sink) const;

private:
    ScenarioRequests(RequestList list, const FrontEnd& front) : list_(std::move(list)), front_(front) {}

    std::optional<Diagnostics> measure(const Scenario& scenario) const;
    bool fits(const ScenarioRequest& request) const { return Tokens{1} <= request.prompt && request.prompt < front_.model_len_max; }
    std::int64_t outputs(const ScenarioRequest& request) const;
    std::int64_t text_tokens(const ScenarioRequest& request) const;
    RequestText text(std::size_t place) const;
    std::optional<NewRequest> arriving(std::size_t place, EventSink& sink) const;

    RequestList list_;
    FrontEnd front_;
};

}  // namespace kv
