#include "reports/event_kinds.h"

#include "model/events/property_needs.h"
#include "reports/explained.h"
#include "scenarios/events/event_form.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

template <class Part>
std::string form_of(std::string_view name) {
    if constexpr (std::same_as<Part, bool>) return "flag";
    else if constexpr (std::same_as<Part, double>) return "number";
    else if constexpr (std::same_as<Part, std::string_view>) return "text";
    else if constexpr (std::same_as<Part, RowTag>) return "row tag";
    else if constexpr (std::same_as<Part, BlockId>) return "block id";
    else if constexpr (Named<Part>) return joined({names_of(Part{}).begin(), names_of(Part{}).end()});
    else if constexpr (NumberPart<Part>) return "integer";
    else if constexpr (OptionalPart<Part>) return form_of<typename OptionalOf<Part>::Value>(name) + ", or none";
    else if constexpr (HeldPart<Part>) return "changes since it was told last";
    else if constexpr (ListPart<Part>) {
        using Item = typename ListOf<Part>::Item;
        const std::string runs = told_in_runs<Item>(name) || std::same_as<Item, RowTag> ? ", or runs of them" : "";
        return "list of " + (name == "slots" ? std::string("slots") : form_of<Item>(name) + 's') + runs;
    } else if constexpr (Nameless<Part>) {
        std::string names;
        const Part usual{};
        PartsOf<Part>::parts(usual, [&](std::string_view part, const auto&, std::string_view) {
            names += (names.empty() ? "[" : ", ") + std::string(part);
        });
        return names + ']';
    } else {
        return "object";
    }
}

template <Whole Value>
void add_parts(const std::string& before, std::vector<EventPartWords>& words) {
    const Value usual{};
    PartsOf<Value>::parts(usual, [&]<class Part>(std::string_view name, const Part& part, std::string_view meaning) {
        words.push_back({before + std::string(name), form_of<Part>(name), meaning});
        if constexpr (std::same_as<Part, bool>) words.back().form += part ? ", true unless it is said" : "";
        if constexpr (ListPart<Part>) {
            using Item = typename ListOf<Part>::Item;
            if constexpr (Whole<Item> && !Nameless<Item>) add_parts<Item>(before + std::string(name) + '.', words);
        }
    });
}

std::vector<std::string_view> properties_that_need(std::string_view event) {
    std::vector<std::string_view> properties;
    for (const PropertyNeed& need : property_needs())
        if (need.event == event) properties.push_back(need.property);
    return properties;
}

constexpr std::string_view head =
    "# Events\n\n"
    "What an engine does is told as events, and properties judge nothing else: a model in motion, a live engine and a recorded trace tell\n"
    "the same ones. Written down they are JSON lines. The first line is the header, each other line one event:\n\n"
    "```json\n"
    R"({"kvproof":"events","format":1,"engine":"vllm-0.32.0","scenario":"mamba-first"})"
    "\n"
    R"({"event":"step-began","rank":0,"step":3})"
    "\n"
    "```\n\n"
    "- Ids, counts and rates are integers. A part that is none is left out, and so is a flag that is as usual; other keys are needed.\n"
    "- Block ids and slots may be runs: `[17,3]` is 17, 18, 19; `[0,3]` is three times the null block, and among slots `[-1,3]` is three\n"
    "  times nobody's.\n"
    "- A row tag is `[producer, content, position]`: who routed which token of which text. `[producer, content, position, count]` are\n"
    "  `count` tags of consecutive positions; `\"never-written\"` and `\"missing\"` are of nobody, `[\"missing\", count]` several of "
    "them.\n"
    "- `held` tells what a request holds as what has changed since the last line about the request (`blocks-freed` forgets it):\n"
    "  `{\"groups\":2,\"changes\":[{\"group\":0,\"length\":4,\"blocks\":[[3,17,18]]}]}` is two groups, of which the first has four blocks\n"
    "  left, then 17 and 18 from column 3 on.\n\n"
    "`kvproof explain event-schema` prints the format as a JSON Schema. A reader says `file:line:column` for every line that is wrong.\n\n"
    "What follows is what `kvproof explain events --format md` prints.\n";

std::string cell(std::string_view text) {
    std::string out;
    for (const char letter : text) out += letter == '|' ? std::string("\\|") : std::string(1, letter);
    return out;
}

}  // namespace

std::vector<EventKindWords> event_kinds() {
    std::vector<EventKindWords> kinds;
    AllEvents::each_kind([&]<class Event>(const Event&) {
        EventKindWords kind{.name = Event::name, .meaning = Event::meaning, .parts = {}, .properties = properties_that_need(Event::name)};
        add_parts<Event>("", kind.parts);
        kinds.push_back(std::move(kind));
    });
    return kinds;
}

std::string events_text(Color color) {
    std::string out;
    for (const EventKindWords& kind : event_kinds()) {
        out += (out.empty() ? "" : "\n") + bold(kind.name, color) + ": " + std::string(kind.meaning) + '\n';
        TextTable table({{"part"}, {"meaning"}, {"form"}});
        for (const EventPartWords& part : kind.parts) table.add({part.name, std::string(part.meaning), part.form});
        out += table.text("  ", color) + "  needed by " + joined(kind.properties) + '\n';
    }
    return out;
}

std::string events_markdown() {
    std::string out(head);
    const std::vector<EventKindWords> kinds = event_kinds();
    for (const EventKindWords& kind : kinds) {
        out += "\n## " + std::string(kind.name) + "\n\n" + std::string(kind.meaning) + ".\nNeeded by " + joined(kind.properties) + ".\n\n";
        out += "| part | form | meaning |\n|---|---|---|\n";
        for (const EventPartWords& part : kind.parts)
            out += "| `" + part.name + "` | " + cell(part.form) + " | " + cell(part.meaning) + " |\n";
    }
    out += "\n## What properties need\n\n| property | event | parts |\n|---|---|---|\n";
    for (const PropertyNeed& need : property_needs())
        out += "| " + std::string(need.property) + " | " + std::string(need.event) + " | " + std::string(need.parts) + " |\n";
    return out;
}

}  // namespace kv
