// All kinds of events in words: what each means, what it carries, and which properties go by it.
#pragma once

#include "reports/text_table.h"

#include <string>
#include <string_view>
#include <vector>

namespace kv {

struct EventPartWords {
    std::string name;  // "writes.block" is a part of each of the writes.
    std::string form;  // "integer, or none"
    std::string_view meaning;
};

struct EventKindWords {
    std::string_view name;
    std::string_view meaning;
    std::vector<EventPartWords> parts;
    std::vector<std::string_view> properties;
};

std::vector<EventKindWords> event_kinds();

std::string events_text(Color color);
std::string events_markdown();  // docs/events.md

}  // namespace kv
