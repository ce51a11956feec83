#include "properties/capacity_true.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 10> bugs{"B19", "B20", "B21", "B25", "B26", "B29", "N06", "N08", "R01", "R15"};

}  // namespace

const PropertyText CapacityTrue::text{
    .id = PropertyId::capacity_true,
    .statement = "the tokens that an engine reports are those that its own pool holds when it is filled, to one block",
    .why = "people buy, route and admit by this number",
    .not_checked = "lengths that nobody filled the pool with, and kinds that hold nothing per token",
    .bugs = bugs};

void CapacityTrue::see(const CapacityReported& event, const Ledger&, Findings&) { reported_.push_back(event); }

void CapacityTrue::see(const CapacityConstructed& event, const Ledger&, Findings& findings) {
    for (const CapacityReported& said : reported_) {
        const std::int64_t difference = said.tokens.value - event.tokens.value;
        if (difference <= event.grain.value && -difference <= event.grain.value) continue;
        Finding finding{.property = text.id,
                        .reported = said.tokens.value,
                        .truth = event.tokens.value,
                        .length = event.length.value,
                        .direction = difference > 0 ? FigureDirection::over : FigureDirection::under};
        if (event.tokens.value == 0) {
            finding.message = fmt::format("{} tokens are reported where none fits", said.tokens.value);
        } else {
            finding.message = fmt::format("{} tokens are reported and {} fit ({} requests of {} and {}): {:.3f} of the truth",
                                          said.tokens.value, event.tokens.value, event.requests, event.length.value, event.further.value,
                                          static_cast<double>(said.tokens.value) / static_cast<double>(event.tokens.value));
        }
        findings.add(std::move(finding));
    }
}

}  // namespace kv
