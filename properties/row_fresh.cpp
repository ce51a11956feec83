#include "properties/row_fresh.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array<std::string_view, 10> bugs{"B02", "B03", "B05", "B06", "B11", "B12", "B13", "B17", "R03", "R10"};

struct Wrong {
    std::int64_t rows = 0;
    std::size_t first = 0;  // Row of the delivery.
};

std::optional<RowState> state_of(RowKinship kinship) {
    switch (kinship) {
        case RowKinship::fresh:
        case RowKinship::missing:  // And says so.
            break;
        case RowKinship::never_written:
            return RowState::never_written;
        case RowKinship::stale:
            return RowState::stale;
        case RowKinship::shifted:
            return RowState::shifted;
        case RowKinship::foreign:
            return RowState::foreign;
    }
    return std::nullopt;
}

}  // namespace

const PropertyText RowFresh::text{
    .id = PropertyId::row_fresh,
    .statement =
        "a request is given a row for each of its tokens but the last, each written by the target model for exactly its token or marked as "
        "missing",
    .why = "a trainer that replays another token's experts computes other gradients, and nothing says so",
    .not_checked = "rows of layers that nobody writes (see id-space); a row that is marked as missing is no finding",
    .bugs = bugs};

void RowFresh::tell_gap(const RowsDelivered& event, const RequestFacts& request, Findings& findings) {
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .request = event.request,
                  .rows = std::ssize(event.wanted),
                  .needed = request.tokens - 1,
                  .message = fmt::format("{} rows from position {} on are delivered of a request of {} tokens", event.wanted.size(),
                                         event.first, request.tokens)});
}

void RowFresh::look_at_rows(const RowsDelivered& event, const Ledger& ledger, Findings& findings) {
    std::array<Wrong, row_state_names.size()> wrong{};
    for (std::size_t row = 0; row < event.wanted.size(); ++row) {
        const RowTag found = event.rows[row * static_cast<std::size_t>(event.columns)];
        const std::optional<RowOrigin> wanted = origin_of(event.wanted[row]);
        if (!wanted) continue;
        const std::optional<RowState> state = state_of(kinship(found, *wanted));
        if (!state) continue;
        Wrong& count = wrong[static_cast<std::size_t>(*state)];
        if (count.rows++ == 0) count.first = row;
    }
    for (std::size_t state = 0; state < wrong.size(); ++state) {
        if (wrong[state].rows == 0) continue;
        const RowTag found = event.rows[wrong[state].first * static_cast<std::size_t>(event.columns)];
        Finding finding{.property = text.id,
                        .rank = event.rank,
                        .request = event.request,
                        .rows = wrong[state].rows,
                        .state = static_cast<RowState>(state),
                        .producer = ledger.producer_of(found)};
        finding.message = fmt::format("{} of {} rows are {}, the first at position {}", wrong[state].rows, event.wanted.size(),
                                      row_state_names[state], event.first + static_cast<std::int64_t>(wrong[state].first));
        findings.add(std::move(finding));
    }
}

}  // namespace kv
