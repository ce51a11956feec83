#include "properties/judges.h"

#include <array>
#include <vector>

namespace kv {
namespace {

template <class Property>
std::vector<std::string_view> kinds_seen_by() {
    std::vector<std::string_view> kinds;
    AllEvents::each_kind([&]<class Event>(const Event&) {
        if constexpr (JudgesBy<Property, Event>) kinds.push_back(Event::name);
    });
    return kinds;
}

template <std::size_t... Index>
std::array<const PropertyText*, sizeof...(Index)> texts(std::index_sequence<Index...>) {
    return {&std::tuple_element_t<Index, AllProperties>::text...};
}

template <std::size_t... Index>
std::array<std::vector<std::string_view>, sizeof...(Index)> kinds(std::index_sequence<Index...>) {
    return {kinds_seen_by<std::tuple_element_t<Index, AllProperties>>()...};
}

using EveryIndex = std::make_index_sequence<std::tuple_size_v<AllProperties>>;

}  // namespace

std::span<const PropertyText* const> property_texts() {
    static const auto all = texts(EveryIndex{});
    return all;
}

std::span<const std::string_view> events_of(PropertyId property) {
    static const auto all = kinds(EveryIndex{});
    return all[static_cast<std::size_t>(property)];
}

}  // namespace kv
