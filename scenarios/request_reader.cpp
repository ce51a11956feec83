#include "scenarios/request_reader.h"

#include "scenarios/layer_order.h"
#include "scenarios/utf8.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace kv {
namespace {

constexpr std::size_t name_shown_max = 40;

std::string ticked(std::string_view name) { return '`' + shortened(name, name_shown_max) + '`'; }

using Places = std::unordered_map<std::string, std::size_t>;  // Of the requests so far, by id.

void check_id(const TableReader& table, const std::string& id, std::size_t place, Places& places) {
    if (!is_layer_id(id))
        return table.error("id", "is \"" + shortened(id, name_shown_max) + "\": expected a letter or _, then letters, digits, _ - .");
    const bool drawn = id.starts_with('w') && id.size() > 1 && id.find_first_not_of("0123456789", 1) == std::string::npos;
    if (drawn) return table.error("id", "is " + ticked(id) + ": requests of a workload are called so, expected another name");
    if (!places.emplace(id, place).second) table.error("id", "is " + ticked(id) + " a second time: ids differ from each other");
}

void check_rank(const TableReader& table, const std::optional<std::int64_t>& rank, const Scenario& scenario) {
    if (rank && *rank >= scenario.spread.data)
        table.error("rank", "is " + std::to_string(*rank) + ": there are dp = " + std::to_string(scenario.spread.data) + " ranks, from 0");
}

void read_prefix(const TableReader& table, ListedRequest& request) {
    table.take("prefix", request.prefix);
    const bool said = table.take("prefix_tokens", request.prefix_tokens);
    if (request.prefix && request.prefix->empty()) table.error("prefix", "is empty: expected the name of a text");
    if (table.has("prefix") && !table.has("prefix_tokens"))
        table.error("prefix", "has no `prefix_tokens` beside it: expected how many tokens of the text the prompt begins with");
    if (table.has("prefix_tokens") && !table.has("prefix"))
        table.error("prefix_tokens", "has no `prefix` beside it: expected the name of the text");
    if (said && request.prefix_tokens > request.prompt)
        table.error("prefix_tokens", "is more than the prompt of " + std::to_string(request.prompt.value) + " tokens");
    if (table.has("prefix") && table.has("continues")) table.error("prefix", "stands beside `continues`: a prompt begins in one way");
}

void read_continued(const TableReader& table, const Places& places, const std::vector<ListedRequest>& before, ListedRequest& request) {
    std::string id;
    if (!table.take("continues", id)) return;
    const auto found = places.find(id);
    if (found == places.end() || found->second >= before.size()) {
        std::vector<std::string_view> ids;
        for (const ListedRequest& earlier : before) ids.push_back(earlier.id);
        const std::string meant = table.source().crowded() || ids.size() > 1000 ? "" : nearest(id, ids);
        return table.error("continues", "is " + ticked(id) + ": " +
                                            (meant.empty() ? "no request before this one has that id" : "did you mean `" + meant + "`?"));
    }
    const ListedRequest& earlier = before[found->second];
    request.continues = found->second;
    const Tokens whole = earlier.prompt + earlier.decode;
    if (request.prompt < whole)
        table.error("prompt", "is shorter than what it continues: " + ticked(id) + " is " + std::to_string(whole.value) + " tokens");
    if (earlier.count != 1 && earlier.count != request.count)
        table.error("continues", "is a request of " + std::to_string(earlier.count) + " copies: expected one, or as many as here");
}

void read_load(const TableReader& table, ListedRequest& request) {
    const bool said = table.take("external", request.external);
    table.take("external_steps", request.external_steps);
    table.take("external_fails", request.external_fails);
    table.take("external_block", request.external_block);
    table.take("external_end", request.external_end);
    if (said && request.external > request.prompt)
        table.error("external", "is more than the prompt of " + std::to_string(request.prompt.value) + " tokens");
    for (const std::string_view key : {"external_steps", "external_fails", "external_block", "external_end"})
        if (table.has(key) && !table.has("external")) table.error(key, "has no `external` beside it: expected how many tokens are loaded");
}

void read_per_step(const TableReader& table, std::string_view key, const Settings& settings, std::vector<std::int64_t>& out) {
    if (!table.take(key, out)) return;
    if (settings.drafting.tokens == 0) return table.error(key, "stands without [scheduler] draft: nothing is drafted");
    const auto& items = std::get<TomlArray>(table.value(key)->value).items;
    for (std::size_t i = 0; i < items.size(); ++i)
        if (out[i] > settings.drafting.tokens)
            table.source().error(items[i].where, ticked(key) + " is " + std::to_string(out[i]) + ": a step drafts " +
                                                     std::to_string(settings.drafting.tokens) + " tokens");
}

void read_drafts(const TableReader& table, const Settings& settings, ListedRequest& request) {
    read_per_step(table, "accepted", settings, request.accepted);
    read_per_step(table, "drafted", settings, request.drafted);
    if (table.has("drafted") && settings.drafting.tokens > 0 && settings.async_scheduling)
        table.error("drafted", "needs [scheduler] async = false: a step ahead counts on as many drafts as there can be");
}

void read_encoder(const TableReader& table, const Settings& settings, ListedRequest& request) {
    if (!table.take("encoder", request.encoder)) return;
    const Tokens most = settings.encoder_input_max.value_or(settings.encoder_tokens_max);
    if (most > Tokens{0} && request.encoder > most)
        table.error("encoder", "is more than an encoder takes: [scheduler] allows " + std::to_string(most.value) + " tokens");
}

ListedRequest read_request(const TableReader& table, const Scenario& scenario, Places& places) {
    ListedRequest request{.id = {}, .place = table.source().place(table.header())};
    if (table.take("id", request.id)) check_id(table, request.id, scenario.requests.size(), places);
    table.take("count", request.count);
    table.take("arrival", request.arrival);
    table.take("every", request.every);
    if (table.take("rank", request.rank)) check_rank(table, request.rank, scenario);
    const bool has_length = table.take("prompt", request.prompt);
    table.take("decode", request.decode);
    read_encoder(table, scenario.model.settings, request);
    if (has_length) {  // Else what is wrong is said already.
        read_prefix(table, request);
        read_load(table, request);
        read_continued(table, places, scenario.requests, request);
    }
    if (table.take("abort_at", request.abort_at) && *request.abort_at < request.arrival)
        table.error("abort_at", "is before the arrival in step " + std::to_string(request.arrival));
    table.take("routed_experts", request.routed_experts);
    read_drafts(table, scenario.model.settings, request);
    return request;
}

// A file says lengths and arrivals itself; what is drawn needs to know them.
void check_source(const TableReader& table, const WorkloadSource& source) {
    if (table.has("file")) {
        for (const std::string_view key : {"arrival_every", "prompt", "decode", "prefixes", "prefix_tokens"})
            if (table.has(key)) table.error(key, "stands beside `file`, which says it");
        if (source.file && source.file->empty()) table.error("file", "is empty: expected the path of a CSV");
        return;
    }
    if (table.has("arrivals_per_step")) table.error("arrivals_per_step", "has no `file` beside it: drawn requests arrive by steps");
    for (const std::string_view key : {"requests", "prompt"})
        if (!table.has(key))
            table.source().error(table.header(), "[workload] has no `" + std::string(key) + "`: expected it, or the `file` of a CSV");
    if (table.has("prefix_tokens") && source.prefixes == 0) table.error("prefix_tokens", "has no `prefixes` beside it: no text is shared");
    if (source.prefixes > 0 && !table.has("prefix_tokens"))
        table.error("prefixes", "has no `prefix_tokens` beside it: expected how much of the texts is shared");
}

WorkloadSource read_workload_source(const TableReader& table, const Settings& settings) {
    WorkloadSource source{.place = table.source().place(table.header())};
    table.take("file", source.file);
    table.take("arrivals_per_step", source.arrivals_per_step);
    table.take("requests", source.requests);
    table.take("arrival_every", source.arrival_every);
    table.take("prompt", source.prompt);
    table.take("decode", source.decode);
    table.take("prefixes", source.prefixes);
    table.take("prefix_tokens", source.prefix_tokens);
    table.take("share", source.share);
    table.take("aborts", source.aborts);
    table.take("abort_within", source.abort_within);
    if (table.take("acceptance", source.acceptance) && settings.drafting.tokens == 0)
        table.error("acceptance", "stands without [scheduler] draft: nothing is drafted");
    table.take("seed", source.seed);
    check_source(table, source);
    return source;
}

// Of all requests, listed and drawn: there are as many as a run has.
class Total {
public:
    explicit Total(SourceText& source) : source_(source) {}
    void add(std::int64_t requests, TextRange where) {
        constexpr auto most = static_cast<std::int64_t>(scenario_requests_max);
        const bool right_before = all_ <= most;
        all_ += requests;  // At most 2^14 times 2^20.
        if (right_before && all_ > most)
            source_.error(where,
                          "more than " + std::to_string(most) + " requests with this: there are " + std::to_string(all_) + " so far");
    }

private:
    SourceText& source_;
    std::int64_t all_ = 0;
};

}  // namespace

void read_requests(const TableReader& head, const Sections& sections, Scenario& out) {
    SourceText& source = head.source();
    Places places;
    Total total(source);
    for (const TomlValue* item : tables_of(head, "request")) {
        const TableReader table(source, "request", std::get<TomlTable>(item->value), item->where);
        out.requests.push_back(read_request(table, out, places));
        total.add(out.requests.back().count, table.where("count"));
    }
    if (sections.workload) {
        out.workload = read_workload_source(*sections.workload, out.model.settings);
        total.add(out.workload->requests.value_or(0), sections.workload->where("requests"));
    }
    for (const TomlValue* item : tables_of(head, "reset")) {
        const TableReader table(source, "reset", std::get<TomlTable>(item->value), item->where);
        ScenarioReset reset{.place = source.place(item->where)};
        table.take("step", reset.step);
        if (table.take("rank", reset.rank)) check_rank(table, reset.rank, out);
        table.take("preempt_running", reset.preempt_running);
        out.resets.push_back(reset);
    }
}

}  // namespace kv
