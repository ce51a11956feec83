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
    // Those of the list that the engine takes, in the order of their arrival. A prompt that leaves no room for an output is refused, as
    // the engine refuses it; a longest output is cut to the room that there is. What would take too much memory is told at its place.
    static std::variant<ScenarioRequests, Diagnostics> of(const Scenario& scenario, RequestList list, const FrontEnd& front);

    // By rank, in the order in which they come to it: their places in the list. So request `id` of a rank is known again.
    std::span<const std::size_t> of_rank(std::size_t rank) const { return of_rank_[rank]; }
    const ScenarioRequest& listed(std::size_t place) const { return list_.requests[place]; }
    std::span<const std::int64_t> accepted(const ScenarioRequest& request) const { return list_.acceptances[request.acceptance]; }
    std::int64_t refused(std::size_t rank) const { return refused_[rank]; }  // By the front end.
    std::int64_t last_arrival() const;                                       // A step; -1: nothing comes.

    NewRequest request(std::size_t place) const;
    std::vector<TimedRequest> timed() const;  // All of them.

private:
    ScenarioRequests(RequestList list, const FrontEnd& front, std::size_t ranks)
        : list_(std::move(list)), front_(front), of_rank_(ranks), refused_(ranks) {}

    std::optional<Diagnostics> take(const Scenario& scenario);
    std::int64_t outputs(const ScenarioRequest& request) const;
    std::int64_t text_tokens(const ScenarioRequest& request) const;
    RequestText text(std::size_t place, std::int64_t tokens) const;

    RequestList list_;
    FrontEnd front_;
    std::vector<std::size_t> arriving_;  // Places in the list, as they come.
    std::vector<std::vector<std::size_t>> of_rank_;
    std::vector<std::int64_t> refused_;
};

}  // namespace kv
