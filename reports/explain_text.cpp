#include "reports/explain_text.h"

#include "harness/plan_file.h"
#include "model/known_bugs.h"
#include "properties/judges.h"
#include "reports/explained.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

// "vllm-0.18.0": its rules; what a spelling replaces is marked.
std::string engine_text(const Engine& engine, std::string_view spelling, Color color) {
    const std::vector<ReplacedRule> replaced = replaced_rules(engine);
    std::string out = bold("engine " + std::string(spelling), color) + '\n' + key_line("meaning", engine.meaning);
    TextTable table({{"slot"}, {"rule"}, {"other rules"}});
    for (const Slot& slot : slots()) {
        const bool changed = std::ranges::find(replaced, slot.id, &ReplacedRule::slot) != replaced.end();
        std::vector<std::string_view> others;
        for (const RuleText& rule : slot.rules)
            if (rule.id != slot.rule_of(engine)) others.push_back(rule.id);
        table.add({std::string(slot.id), std::string(slot.rule_of(engine)) + (changed ? " (replaced)" : ""), joined(others, "")});
    }
    return out + '\n' + table.text("  ", color);
}

std::string slot_text(const Slot& slot, Color color) {
    std::string out = bold("slot " + std::string(slot.id), color) + '\n' + key_line("decides", slot.meaning);
    if (const auto changed_by = patches_of(slot.id); !changed_by.empty()) out += key_line("changed by", joined(changed_by));
    for (const RuleText& rule : slot.rules) {
        out += "\n  " + bold(rule.id, color) + '\n';
        out += key_line("  meaning", rule.meaning) + key_line("  source", rule.source) +
               key_line("  used by", joined(engines_with(slot, rule.id)));
    }
    return out;
}

std::string rule_text(const RuleInSlot& found, Color color) {
    const auto& [slot, rule] = found;
    std::string out = bold("rule " + std::string(slot->id) + '=' + std::string(rule->id), color) + '\n';
    out += key_line("meaning", rule->meaning) + key_line("source", rule->source);
    out += key_line("decides", slot->meaning) + key_line("used by", joined(engines_with(*slot, rule->id)));
    const auto set_by = patches_with(slot->id, rule->id);
    if (!set_by.empty()) out += key_line("set by", joined(set_by));
    return out + key_line("choose it with", "--rule " + std::string(slot->id) + '=' + std::string(rule->id));
}

std::string patch_text(const Patch& patch, Color color) {
    std::string out =
        bold("patch " + std::string(patch.id), color) + '\n' + key_line("meaning", patch.meaning) + key_line("source", patch.source);
    for (const Patch::Replacement& replacement : patch.replacements)
        out += key_line("sets", std::string(replacement.slot) + " = " + std::string(replacement.rule));
    return out + key_line("choose it with", "--patch " + std::string(patch.id));
}

std::string bug_words(std::string_view id) {
    const KnownBug* bug = known_bug(id);
    return bug == nullptr ? std::string(id) : fmt::format("{} {}: {}", bug->id, bug->threads, bug->what);
}

std::string property_text(const PropertyText& property, Color color) {
    const std::string_view id = property_ids[static_cast<std::size_t>(property.id)];
    std::string out = bold("property " + std::string(id), color) + '\n' + key_line("holds", property.statement) +
                      key_line("why", property.why) + key_line("not checked", property.not_checked);
    const auto events = events_of(property.id);
    out += key_line("judges by", joined({events.begin(), events.end()}));
    for (const std::string_view bug : property.bugs) out += key_line(bug == property.bugs.front() ? "caught" : "", bug_words(bug));
    return out;
}

std::string bug_text(const KnownBug& bug, Color color) {
    return bold("bug " + std::string(bug.id), color) + '\n' + key_line("what", bug.what) + key_line("told in", bug.threads) +
           key_line("caught by", joined(properties_catching(bug.id), "no property yet"));
}

void append(std::string& out, const std::string& part) { out += (out.empty() ? "" : "\n") + part; }

}  // namespace

std::string explain_all_text(Color color) {
    std::string out = bold("Engines", color) + ", spelled NAME[+PATCH...][,slot=rule...]\n";
    for (const Engine& engine : engines()) out += key_line(engine.name, engine.meaning);
    out += '\n' + bold("Slots", color) + ", each with the rules that fit it and the engines that use them\n";
    for (const Slot& slot : slots()) {
        out += "  " + bold(slot.id, color) + ": " + std::string(slot.meaning) + '\n';
        TextTable table({{"rule"}, {"used by"}});
        for (const RuleText& rule : slot.rules) table.add({std::string(rule.id), joined(engines_with(slot, rule.id), "")});
        const std::string rows = table.text("      ", Color::off);
        out += rows.substr(rows.find('\n') + 1);  // The titles would stand there two dozen times.
    }
    out += '\n' + bold("Properties", color) + ", each of which compares what an engine claims with what is true\n";
    for (const PropertyText* property : property_texts())
        out += key_line(property_ids[static_cast<std::size_t>(property->id)], property->statement);
    out += '\n' + bold("Patches", color) + ", each a set of rules\n";
    for (const Patch& patch : patches()) out += key_line(patch.id, patch.meaning);
    return out +
           "\nkvproof explain ID tells more of one of them; kvproof explain layouts counts what the rules of capture-layout get right.\n";
}

std::optional<std::string> explain_text(std::string_view id, Color color) {
    std::string out;
    const auto engine = engine_spelled(id);
    if (const auto* spelled = std::get_if<Engine>(&engine)) append(out, engine_text(*spelled, id, color));
    if (const Slot* slot = slot_named(id)) append(out, slot_text(*slot, color));
    for (const RuleInSlot& found : rules_named(id)) append(out, rule_text(found, color));
    if (const Patch* patch = patch_named(id)) append(out, patch_text(*patch, color));
    if (const PropertyText* property = property_named(id)) append(out, property_text(*property, color));
    if (const KnownBug* bug = known_bug(id)) append(out, bug_text(*bug, color));
    return out.empty() ? std::nullopt : std::optional(out);
}

std::vector<std::string_view> explained_ids() {
    std::vector<std::string_view> ids;
    for (const Engine& engine : engines()) ids.push_back(engine.name);
    for (const Slot& slot : slots()) {
        ids.push_back(slot.id);
        for (const RuleText& rule : slot.rules) ids.push_back(rule.id);
    }
    for (const Patch& patch : patches()) ids.push_back(patch.id);
    ids.insert(ids.end(), property_ids.begin(), property_ids.end());
    return ids;
}

}  // namespace kv
