// Which events each property goes by. A property sees nothing else: what it needs of a model in motion, a live engine has to tell too.
#pragma once

#include <span>
#include <string_view>

namespace kv {

struct PropertyNeed {
    std::string_view property;
    std::string_view event;
    std::string_view parts;  // Of the event, with a space between them.
};

std::span<const PropertyNeed> property_needs();  // Those of a property stand together.

}  // namespace kv
