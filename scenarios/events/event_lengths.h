// Whether the lists of an event belong together.
#pragma once

#include "scenarios/events/event_form.h"

namespace kv {

struct Misfit {
    std::string_view part;
    std::string expected;
};

template <class Event>
std::optional<Misfit> misfit_of(const Event&) {
    return std::nullopt;
}
std::optional<Misfit> misfit_of(const SlotsMapped& event);
std::optional<Misfit> misfit_of(const KvWritten& event);
std::optional<Misfit> misfit_of(const RowsCaptured& event);
std::optional<Misfit> misfit_of(const RowsStored& event);
std::optional<Misfit> misfit_of(const RowsDelivered& event);
std::optional<Misfit> misfit_of(const RowsOffered& event);

}  // namespace kv
