#include "scenarios/expect_reader.h"

#include "scenarios/settings_reader.h"
#include "scenarios/utf8.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_map>

namespace kv {
namespace {

constexpr std::size_t name_shown_max = 40;

// How many copies there are of each request, by its id.
using Copies = std::unordered_map<std::string_view, std::int64_t>;

// The number behind a mark: 17 of "17". Nothing when there is anything else.
std::optional<std::int64_t> number_of(std::string_view digits) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size() && !digits.starts_with('-') && !digits.starts_with('0');
    return whole ? std::optional(number) : std::nullopt;
}

// "r1" of one request, "r1#2" of copies, "w17" of the workload.
bool is_request(std::string_view id, const Copies& copies, const Scenario& scenario) {
    const std::size_t mark = id.find('#');
    const auto found = copies.find(id.substr(0, mark));
    if (found != copies.end()) {
        if (mark == std::string_view::npos) return found->second == 1;
        const auto copy = number_of(id.substr(mark + 1));
        return copy && found->second > 1 && *copy <= found->second;
    }
    if (!scenario.workload || !id.starts_with('w')) return false;
    const auto number = number_of(id.substr(1));
    return number && *number <= scenario.workload->requests.value_or(static_cast<std::int64_t>(scenario_requests_max));
}

void check_request(const TableReader& table, std::string_view key, const std::optional<std::string>& id, const Copies& copies,
                   const Scenario& scenario) {
    if (!id || is_request(*id, copies, scenario)) return;
    const auto several = copies.find(*id);
    if (several != copies.end())
        return table.error(key, "has " + std::to_string(several->second) + " copies: write \"" + *id + "#1\" for the first");
    std::vector<std::string_view> ids;
    for (const ListedRequest& request : scenario.requests) ids.push_back(request.id);
    const std::string meant = ids.size() > 1000 ? "" : nearest(*id, ids);
    table.error(key, "is `" + shortened(*id, name_shown_max) +
                         "`: " + (meant.empty() ? "no request has that id" : "did you mean `" + meant + "`?"));
}

void read_place_of_finding(const TableReader& table, const Copies& copies, const Scenario& scenario, Expectation& expected) {
    if (table.take("rank", expected.rank) && *expected.rank >= scenario.spread.data)
        table.error("rank",
                    "is " + std::to_string(*expected.rank) + ": there are dp = " + std::to_string(scenario.spread.data) + " ranks, from 0");
    if (table.take("step", expected.step) && *expected.step >= scenario.stepping.steps_max)
        table.error("step", "is " + std::to_string(*expected.step) +
                                ": a run ends after steps_max = " + std::to_string(scenario.stepping.steps_max));
    const auto groups = static_cast<std::int64_t>(scenario.groups.size());
    if (table.take("group", expected.group) && groups > 0 && *expected.group >= groups)
        table.error("group", "is " + std::to_string(*expected.group) + ": there are " + std::to_string(groups) + " groups, from 0");
    table.take("layer", expected.layer);
    table.take("request", expected.request);
    table.take("count", expected.count);
    check_request(table, "request", expected.request, copies, scenario);
}

void read_figures(const TableReader& table, const Copies& copies, const Scenario& scenario, Expectation& expected) {
    table.take("reported", expected.reported);
    table.take("truth", expected.truth);
    table.take("length", expected.length);
    table.take("direction", expected.direction);
    table.take("hit", expected.hit);
    table.take("slot", expected.slot);
    table.take("rows", expected.rows);
    table.take("state", expected.state);
    table.take("producer", expected.producer);
    check_request(table, "producer", expected.producer, copies, scenario);
    table.take("needed", expected.needed);
    table.take("free", expected.free);
    table.take("blocks", expected.blocks);
    table.take("page", expected.page);
    table.take("value", expected.value);
    table.take("limit", expected.limit);
    table.take("released", expected.released);
    if (expected.count && expected.verdict == ExpectedVerdict::holds)
        table.error("count", "stands beside the verdict \"holds\": a property that holds has no finding");
}

Expectation read_none(const TableReader& table, const TomlTable& entries, Expectation expected) {
    bool none = false;
    if (table.take("none", none) && !none) table.error("none", "is false: leave it out, or write true");
    for (const TomlEntry& entry : entries.entries)
        if (entry.key != "none" && find_key("expect", entry.key) != nullptr)
            table.source().error(entry.key_where, "`" + entry.key + "` stands beside `none`, which stands alone");
    return expected;
}

// Of the run itself, whatever the properties say.
Expectation read_ends(const TableReader& table, const TomlTable& entries, Expectation expected) {
    table.take("ends", expected.ends);
    table.take("error", expected.error);
    for (const TomlEntry& entry : entries.entries)
        if (entry.key != "ends" && entry.key != "error" && find_key("expect", entry.key) != nullptr)
            table.source().error(entry.key_where, "`" + entry.key + "` stands beside `ends`: write an [[expect]] of its own");
    const bool raises = expected.ends && (*expected.ends == RunEnd::fault || *expected.ends == RunEnd::start_refused ||
                                          *expected.ends == RunEnd::plan_refused || *expected.ends == RunEnd::model_refused);
    if (expected.ends && expected.error && !raises)
        table.error("error", "stands beside `ends` = \"" + std::string(name_of(*expected.ends)) + "\", where the engine raises nothing");
    return expected;
}

std::optional<std::size_t> property_of(const TomlTable& table) {
    const TomlEntry* entry = table.find("property");
    const auto* name = entry != nullptr ? std::get_if<std::string>(&entry->value.value) : nullptr;
    const auto found = name != nullptr ? std::ranges::find(property_ids, *name) : property_ids.end();
    return found == property_ids.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - property_ids.begin()));
}

Expectation read_expectation(SourceText& source, const TomlValue& item, const Copies& copies, const Scenario& scenario) {
    const auto& entries = std::get<TomlTable>(item.value);
    const std::optional<std::size_t> property = property_of(entries);
    const TableReader table(source, "expect", entries, item.where,
                            entries.find("none") != nullptr || entries.find("ends") != nullptr ? std::nullopt : property);
    Expectation expected{.property = {}, .place = source.place(item.where)};
    if (table.has("none")) return read_none(table, entries, std::move(expected));
    if (table.has("ends")) return read_ends(table, entries, std::move(expected));
    if (table.has("error")) table.error("error", "stands without `ends`: expected how the run ends too");
    if (!table.has("property")) source.error(item.where, "[[expect]] has no `property`: expected the id of one, `ends`, or none = true");
    table.take("property", expected.property);
    table.take("verdict", expected.verdict);
    read_place_of_finding(table, copies, scenario, expected);
    read_figures(table, copies, scenario, expected);
    return expected;
}

}  // namespace

void read_expectations(const TableReader& head, Scenario& out) {
    Copies copies;
    for (const ListedRequest& request : out.requests) copies.emplace(request.id, request.count);
    const std::vector<const TomlValue*> items = tables_of(head, "expect");
    for (const TomlValue* item : items) {
        Expectation expected = read_expectation(head.source(), *item, copies, out);
        out.expectations.push_back(std::move(expected));
    }
    const auto of_findings = std::ranges::count_if(out.expectations, [](const Expectation& each) { return !each.ends; });
    for (const TomlValue* item : items)
        if (of_findings > 1 && std::get<TomlTable>(item->value).find("none") != nullptr)
            head.source().error(item->where, "`none` stands beside other expectations: it says that there is no finding at all");
}

}  // namespace kv
