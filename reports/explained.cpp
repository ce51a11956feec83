#include "reports/explained.h"

#include "properties/judges.h"

#include <algorithm>

namespace kv {

std::vector<std::string_view> engines_with(const Slot& slot, std::string_view rule) {
    std::vector<std::string_view> names;
    for (const Engine& engine : engines())
        if (slot.rule_of(engine) == rule) names.push_back(engine.name);
    return names;
}

std::vector<std::string_view> patches_with(std::string_view slot, std::string_view rule) {
    std::vector<std::string_view> names;
    for (const Patch& patch : patches())
        for (const Patch::Replacement& replacement : patch.replacements)
            if (replacement.slot == slot && replacement.rule == rule) names.push_back(patch.id);
    return names;
}

std::vector<std::string_view> patches_of(std::string_view slot) {
    std::vector<std::string_view> names;
    for (const Patch& patch : patches())
        if (std::ranges::find(patch.replacements, slot, &Patch::Replacement::slot) != patch.replacements.end()) names.push_back(patch.id);
    return names;
}

std::string joined(const std::vector<std::string_view>& names, std::string_view none) {
    std::string out;
    for (const std::string_view name : names) out += (out.empty() ? "" : ", ") + std::string(name);
    return out.empty() ? std::string(none) : out;
}

std::vector<RuleInSlot> rules_named(std::string_view id) {
    const std::size_t equals = id.find('=');
    const std::string_view slot_id = equals == std::string_view::npos ? std::string_view{} : id.substr(0, equals);
    const std::string_view rule_id = equals == std::string_view::npos ? id : id.substr(equals + 1);
    std::vector<RuleInSlot> found;
    for (const Slot& slot : slots())
        for (const RuleText& rule : slot.rules)
            if (rule.id == rule_id && (slot_id.empty() || slot.id == slot_id)) found.push_back({&slot, &rule});
    return found;
}

const PropertyText* property_named(std::string_view id) {
    const auto found = std::ranges::find(property_ids, id);
    return found == property_ids.end() ? nullptr : property_texts()[static_cast<std::size_t>(found - property_ids.begin())];
}

std::vector<std::string_view> properties_catching(std::string_view bug) {
    std::vector<std::string_view> ids;
    for (const PropertyText* property : property_texts())
        if (std::ranges::find(property->bugs, bug) != property->bugs.end())
            ids.push_back(property_ids[static_cast<std::size_t>(property->id)]);
    return ids;
}

const Patch* patch_named(std::string_view id) {
    const auto found = std::ranges::find(patches(), id, &Patch::id);
    return found == patches().end() ? nullptr : &*found;
}

const Slot* slot_named(std::string_view id) {
    const auto found = std::ranges::find(slots(), id, &Slot::id);
    return found == slots().end() ? nullptr : &*found;
}

}  // namespace kv
