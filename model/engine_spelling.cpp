// NAME[+PATCH...][,slot=rule...]: how an engine is spelled on command lines and in files.
#include "model/engine.h"

#include <algorithm>

namespace kv {
namespace {

template <class Items>
std::string names_of(const Items& items) {
    std::string names;
    for (const auto& item : items) {
        if (!names.empty()) names += ", ";
        if constexpr (requires { item.id; }) names += item.id;
        else names += item.name;
    }
    return names;
}

std::optional<std::string> replace_rule(Engine& engine, std::string_view slot_id, std::string_view rule_id) {
    const auto slot = std::ranges::find(slots(), slot_id, &Slot::id);
    if (slot == slots().end()) return "there is no rule slot `" + std::string(slot_id) + "`; there are " + names_of(slots());
    if (slot->replace(engine, rule_id)) return std::nullopt;
    return "`" + std::string(slot_id) + "` has no rule `" + std::string(rule_id) + "`; it has " + names_of(slot->rules);
}

std::optional<std::string> apply_patch(Engine& engine, std::string_view patch_id) {
    const auto patch = std::ranges::find(patches(), patch_id, &Patch::id);
    if (patch == patches().end()) return "there is no patch `" + std::string(patch_id) + "`; there are " + names_of(patches());
    for (const Patch::Replacement& replacement : patch->replacements)
        require(!replace_rule(engine, replacement.slot, replacement.rule), "a patch names rules that exist");
    return std::nullopt;
}

std::optional<std::string> apply_rule(Engine& engine, std::string_view assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) return "expected `slot=rule`, found `" + std::string(assignment) + "`";
    return replace_rule(engine, assignment.substr(0, equals), assignment.substr(equals + 1));
}

std::string_view rule_in(const Engine& engine, std::string_view slot_id) {
    return std::ranges::find(slots(), slot_id, &Slot::id)->rule_of(engine);
}

// The place in the spelling that names one of the two slots; where only patches did, the start.
EngineSpelling impossible(const Requirement& requirement, std::string_view has, std::string_view spelling) {
    std::size_t at = spelling.find(std::string(requirement.needs_slot) + '=');
    if (at == std::string_view::npos) at = spelling.find(std::string(requirement.slot) + '=');
    const std::string left = std::string(requirement.slot) + '=' + std::string(requirement.rule);
    const std::string right = std::string(requirement.needs_slot) + '=';
    return {"`" + left + "` needs `" + right + std::string(requirement.needs_rule) + "`, and here is `" + right + std::string(has) +
                "`: " + std::string(requirement.why),
            at == std::string_view::npos ? 1 : at + 1};
}

}  // namespace

std::variant<Engine, EngineSpelling> engine_spelled(std::string_view spelling) {
    const std::size_t name_end = std::min(spelling.find_first_of("+,"), spelling.size());
    const auto known = std::ranges::find(engines(), spelling.substr(0, name_end), &Engine::name);
    if (known == engines().end())
        return EngineSpelling{"there is no engine `" + std::string(spelling.substr(0, name_end)) + "`; there are " + names_of(engines()),
                              1};
    Engine engine = *known;
    bool rules_begun = false;
    for (std::size_t at = name_end; at < spelling.size();) {
        const char mark = spelling[at];
        const std::size_t end = std::min(spelling.find_first_of("+,", at + 1), spelling.size());
        const std::string_view part = spelling.substr(at + 1, end - at - 1);
        if (mark == '+' && rules_begun) return EngineSpelling{"patches (+) stand before single rules (,)", at + 1};
        rules_begun = mark == ',';
        if (auto wrong = mark == '+' ? apply_patch(engine, part) : apply_rule(engine, part))
            return EngineSpelling{std::move(*wrong), at + 2};
        at = end;
    }
    for (const Requirement& requirement : requirements()) {
        const std::string_view has = rule_in(engine, requirement.needs_slot);
        if (rule_in(engine, requirement.slot) == requirement.rule && has != requirement.needs_rule)
            return impossible(requirement, has, spelling);
    }
    return engine;
}

}  // namespace kv
