#include "properties/capacity_true.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 12> bugs{"B19", "B20", "B21", "B25", "B26", "B27", "B28", "B30", "B31", "B33", "R01", "R15"};

}  // namespace

const PropertyText CapacityTrue::text{.id = PropertyId::capacity_true,
                                      .statement =
                                          "the tokens that an engine reports are those that its own pool holds when it is filled, to one "
                                          "block; so is the longest request that "
                                          "it says would fit, and what the host's tier holds",
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

void CapacityTrue::see(const PlanMade& event, const Ledger&, Findings&) { length_said_ = event.model_len_max; }

void CapacityTrue::see(const PlanRefused& event, const Ledger&, Findings&) { length_said_ = event.estimated; }

void CapacityTrue::see(const LengthConstructed& event, const Ledger&, Findings& findings) {
    if (!length_said_) return;
    const std::int64_t said = length_said_->value, truth = event.length.value;
    if (said - truth <= event.grain.value && truth - said <= event.grain.value) return;
    findings.add({.property = text.id,
                  .reported = said,
                  .truth = truth,
                  .length = truth,
                  .direction = said > truth ? FigureDirection::over : FigureDirection::under,
                  .message = fmt::format("requests of {} tokens are said to fit at most, and one of {} does", said, truth)});
}

void CapacityTrue::see(const HostTierMade& event, const Ledger&, Findings&) { host_keys_ = event.keys; }

// A prefix can be hit as far as every group has its key.
void CapacityTrue::see(const HostTierFilled& event, const Ledger&, Findings& findings) {
    if (event.chunk_keys < 1) return;
    const auto tokens = [&](std::int64_t keys) { return checked_mul(keys / event.chunk_keys, event.chunk.value); };
    const std::int64_t held = tokens(host_keys_), truth = tokens(event.keys);
    if (held - truth <= event.chunk.value && truth - held <= event.chunk.value) return;
    findings.add({.property = text.id,
                  .reported = held,
                  .truth = truth,
                  .length = event.chunk.value,
                  .direction = held > truth ? FigureDirection::over : FigureDirection::under,
                  .message = fmt::format("the host's tier holds {} keys, {} tokens of prefixes, where the memory holds {}, {} tokens",
                                         host_keys_, held, event.keys, truth)});
}

}  // namespace kv
