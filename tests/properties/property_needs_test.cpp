// Which events properties go by: a relation without holes.
#include "model/events/property_needs.h"

#include "model/events/event_list.h"
#include "properties/judges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace kv::testing {
namespace {

const std::map<std::string_view, std::set<std::string_view>>& parts_by_event() {
    static const auto made = [] {
        std::map<std::string_view, std::set<std::string_view>> parts;
        AllEvents::each_kind([&]<class Event>(const Event& event) {
            Event::parts(event, [&](std::string_view name, const auto&, std::string_view) { parts[Event::name].insert(name); });
        });
        return parts;
    }();
    return made;
}

TEST(PropertyNeeds, NameEveryPropertyAndNoOther) {
    std::set<std::string_view> named;
    for (const PropertyNeed& need : property_needs()) named.insert(need.property);
    EXPECT_EQ(named, std::set<std::string_view>(property_ids.begin(), property_ids.end()));
}

TEST(PropertyNeeds, NameEventsAndPartsThatThereAre) {
    for (const PropertyNeed& need : property_needs()) {
        const auto event = parts_by_event().find(need.event);
        ASSERT_NE(event, parts_by_event().end()) << need.property << " needs " << need.event;
        std::istringstream parts{std::string(need.parts)};
        int named = 0;
        for (std::string part; parts >> part; ++named)
            EXPECT_TRUE(event->second.contains(part)) << need.property << " needs " << part << " of " << need.event;
        EXPECT_GT(named, 0) << need.property << " needs nothing of " << need.event;
    }
}

// The rest of them the ledger enters.
TEST(PropertyNeeds, NameEveryKindOfEventThatAPropertySees) {
    for (std::size_t id = 0; id < property_ids.size(); ++id) {
        const auto seen = events_of(static_cast<PropertyId>(id));
        EXPECT_FALSE(seen.empty()) << property_ids[id];
        for (const std::string_view event : seen)
            EXPECT_TRUE(std::ranges::any_of(
                property_needs(), [&](const PropertyNeed& need) { return need.property == property_ids[id] && need.event == event; }))
                << property_ids[id] << " sees " << event;
    }
}

TEST(PropertyNeeds, NameEachEventOnceForAProperty) {
    std::set<std::pair<std::string_view, std::string_view>> named;
    for (const PropertyNeed& need : property_needs())
        EXPECT_TRUE(named.emplace(need.property, need.event).second) << need.property << " needs " << need.event << " twice";
}

TEST(PropertyNeeds, LeaveNoEventThatNobodyNeeds) {
    for (const auto& [event, parts] : parts_by_event())
        EXPECT_TRUE(std::ranges::any_of(property_needs(), [&](const PropertyNeed& need) { return need.event == event; })) << event;
}

}  // namespace
}  // namespace kv::testing
