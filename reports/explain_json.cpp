// The JSON half of reports/explain_text.h.
#include "model/known_bugs.h"
#include "properties/judges.h"
#include "reports/explain_text.h"
#include "reports/explained.h"

#include <nlohmann/json.hpp>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

Json engine_json(const Engine& engine) {
    Json out{{"name", engine.name}, {"meaning", engine.meaning}, {"rules", Json::object()}};
    for (const Slot& slot : slots()) out["rules"][std::string(slot.id)] = slot.rule_of(engine);
    return out;
}

Json rule_json(const Slot& slot, const RuleText& rule) {
    return {{"id", rule.id},
            {"slot", slot.id},
            {"meaning", rule.meaning},
            {"source", rule.source},
            {"used_by", engines_with(slot, rule.id)},
            {"set_by", patches_with(slot.id, rule.id)}};
}

Json slot_json(const Slot& slot) {
    Json out{{"id", slot.id}, {"meaning", slot.meaning}, {"rules", Json::array()}};
    for (const RuleText& rule : slot.rules) out["rules"].push_back(rule_json(slot, rule));
    return out;
}

Json patch_json(const Patch& patch) {
    Json out{{"id", patch.id}, {"meaning", patch.meaning}, {"source", patch.source}, {"sets", Json::object()}};
    for (const Patch::Replacement& replacement : patch.replacements) out["sets"][std::string(replacement.slot)] = replacement.rule;
    return out;
}

Json bug_json(const KnownBug& bug) {
    return {{"id", bug.id}, {"threads", bug.threads}, {"what", bug.what}, {"properties", properties_catching(bug.id)}};
}

Json property_json(const PropertyText& property) {
    const auto events = events_of(property.id);
    Json out{{"id", property_ids[static_cast<std::size_t>(property.id)]},
             {"statement", property.statement},
             {"why", property.why},
             {"not_checked", property.not_checked},
             {"events", std::vector(events.begin(), events.end())},
             {"bugs", Json::array()}};
    for (const std::string_view bug : property.bugs)
        if (const KnownBug* known = known_bug(bug)) out["bugs"].push_back(bug_json(*known));
    return out;
}

Json empty_answer() {
    Json out{{"format", 1}};
    for (const char* part : {"engines", "slots", "rules", "patches", "properties", "bugs"}) out[part] = Json::array();
    return out;
}

std::string dumped(const Json& json) {
    constexpr int indent = 2;
    return json.dump(indent) + '\n';
}

}  // namespace

std::string explain_all_json() {
    Json json = empty_answer();
    json.erase("rules");  // They stand in their slots.
    for (const Engine& engine : engines()) json["engines"].push_back(engine_json(engine));
    for (const Slot& slot : slots()) json["slots"].push_back(slot_json(slot));
    for (const Patch& patch : patches()) json["patches"].push_back(patch_json(patch));
    for (const PropertyText* property : property_texts()) json["properties"].push_back(property_json(*property));
    for (const KnownBug& bug : known_bugs()) json["bugs"].push_back(bug_json(bug));
    return dumped(json);
}

std::optional<std::string> explain_json(std::string_view id) {
    Json json = empty_answer();
    const auto engine = engine_spelled(id);
    if (const auto* spelled = std::get_if<Engine>(&engine)) json["engines"].push_back(engine_json(*spelled));
    if (const Slot* slot = slot_named(id)) json["slots"].push_back(slot_json(*slot));
    for (const RuleInSlot& found : rules_named(id)) json["rules"].push_back(rule_json(*found.slot, *found.rule));
    if (const Patch* patch = patch_named(id)) json["patches"].push_back(patch_json(*patch));
    if (const PropertyText* property = property_named(id)) json["properties"].push_back(property_json(*property));
    if (const KnownBug* bug = known_bug(id)) json["bugs"].push_back(bug_json(*bug));
    const bool found = std::ranges::any_of(json, [](const Json& part) { return part.is_array() && !part.empty(); });
    return found ? std::optional(dumped(json)) : std::nullopt;
}

}  // namespace kv
