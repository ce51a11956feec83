#include "properties/offset_fits.h"

namespace kv {
namespace {

constexpr std::array<std::string_view, 1> bugs{"B47"};

}  // namespace

const PropertyText OffsetFits::text{.id = PropertyId::offset_fits,
                                    .statement = "the largest offset that a kernel forms fits the integer that it forms it in",
                                    .why = "the product wraps, and the kernel reads and writes somewhere else",
                                    .not_checked = "kernels that no event names",
                                    .bugs = bugs};

void OffsetFits::see(const AddressFormed& event, const Ledger&, Findings& findings) {
    if (event.bits < 2 || event.bits > 63 || event.largest < std::int64_t{1} << (event.bits - 1)) return;
    const std::int64_t limit = std::int64_t{1} << (event.bits - 1);
    findings.add({.property = text.id,
                  .rank = event.rank,
                  .group = event.group,
                  .value = event.largest,
                  .limit = limit,
                  .message = fmt::format("{} of {} in a signed integer of {} bits",
                                         event.actor == AddressActor::slot_mapping ? "a slot" : "an offset", event.largest, event.bits)});
}

}  // namespace kv
