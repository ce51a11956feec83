// The engines' tables as explain walks them.
#pragma once

#include "model/engine.h"
#include "properties/property.h"

#include <string>
#include <string_view>
#include <vector>

namespace kv {

std::vector<std::string_view> engines_with(const Slot& slot, std::string_view rule);       // That use this rule.
std::vector<std::string_view> patches_with(std::string_view slot, std::string_view rule);  // That put it in.
std::vector<std::string_view> patches_of(std::string_view slot);                           // That change this slot.
std::string joined(const std::vector<std::string_view>& names, std::string_view none = "none");

struct RuleInSlot {
    const Slot* slot;
    const RuleText* rule;
};
std::vector<RuleInSlot> rules_named(std::string_view id);  // "rule" or "slot=rule".

const PropertyText* property_named(std::string_view id);
std::vector<std::string_view> properties_catching(std::string_view bug);

const Patch* patch_named(std::string_view id);
const Slot* slot_named(std::string_view id);

}  // namespace kv
