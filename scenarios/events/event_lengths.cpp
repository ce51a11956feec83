#include "scenarios/events/event_lengths.h"

#include <fmt/format.h>

namespace kv {
namespace {

std::optional<Misfit> misfit_unless(bool fits, std::string_view part, std::string expected) {
    if (fits) return std::nullopt;
    return Misfit{part, std::move(expected)};
}

}  // namespace

std::optional<Misfit> misfit_of(const SlotsMapped& event) {
    std::int64_t tokens = 0;  // Each is an int32, and a line holds fewer than 2^31 of them.
    for (const PositionRun& run : event.runs) {
        if (run.count < 0 || run.first < 0 || run.row < 0) return Misfit{"runs", "runs whose numbers are not negative"};
        tokens += run.count;
    }
    if (event.requests.size() != event.runs.size())
        return Misfit{"requests", fmt::format("a request for each of {} runs, found {}", event.runs.size(), event.requests.size())};
    return misfit_unless(tokens <= std::ssize(event.slots), "slots",
                         fmt::format("a slot for each of the runs' {} tokens, found {}", tokens, event.slots.size()));
}

std::optional<Misfit> misfit_of(const KvWritten& event) {
    return misfit_unless(0 <= event.tokens && event.tokens <= std::ssize(event.slots), "tokens",
                         fmt::format("tokens that have slots, of which there are {}", event.slots.size()));
}

std::optional<Misfit> misfit_of(const RowsCaptured& event) {
    const std::int64_t taken = event.outcome == CaptureOutcome::copied ? event.count : 0;
    return misfit_unless(std::ssize(event.rows) == taken, "rows", fmt::format("the tags of {} rows, found {}", taken, event.rows.size()));
}

std::optional<Misfit> misfit_of(const RowsStored& event) {
    const bool fits = event.slots.empty() ? event.rows.empty() : !event.rows.empty() && event.rows.size() % event.slots.size() == 0;
    return misfit_unless(fits, "rows", fmt::format("as many tags for each of {} slots, found {}", event.slots.size(), event.rows.size()));
}

std::optional<Misfit> misfit_of(const RowsDelivered& event) {
    const std::int64_t wanted = std::ssize(event.wanted);
    const bool fits =
        event.columns >= 1 &&
        (wanted == 0 ? event.rows.empty() : std::ssize(event.rows) % wanted == 0 && std::ssize(event.rows) / wanted == event.columns);
    return misfit_unless(fits, "rows",
                         fmt::format("{} tags for each of {} wanted rows, found {}", event.columns, wanted, event.rows.size()));
}

std::optional<Misfit> misfit_of(const RowsOffered& event) {
    return misfit_unless(event.rank_tokens.size() == event.rank_rows.size(), "rank_rows",
                         fmt::format("as many ranks as have tokens, {}, found {}", event.rank_tokens.size(), event.rank_rows.size()));
}

}  // namespace kv
