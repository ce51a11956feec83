#include "tests/harness/recording_kinds.h"

#include "harness/capture_conformity.h"
#include "harness/model_conformity.h"
#include "harness/plan_conformity.h"
#include "harness/scenario_run.h"
#include "harness/schedule_replay.h"
#include "harness/slots_conformity.h"
#include "harness/trace_conformity.h"
#include "model/overload.h"
#include "tests/harness/delivery_cases.h"
#include "tests/support/models.h"
#include "tests/support/recorded.h"
#include "tests/support/traces.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace kv::testing {
namespace {

template <class Golden>
using Reader = std::variant<Golden, Diagnostics> (*)(const JsonDocument&);

template <class Golden>
std::vector<Golden> read_cases(const std::vector<std::string>& files, Reader<Golden> read) {
    std::vector<Golden> cases;
    for (const std::string& file : files) {
        for (std::string& line : lines_of(file)) {
            auto json = read_json({.file = file, .text = std::move(line)});
            if (const auto* wrong = std::get_if<Diagnostics>(&json)) {
                ADD_FAILURE() << to_text(*wrong);
                continue;
            }
            auto golden = read(std::get<JsonDocument>(json));
            if (const auto* wrong = std::get_if<Diagnostics>(&golden)) ADD_FAILURE() << to_text(*wrong);
            else cases.push_back(std::get<Golden>(std::move(golden)));
        }
    }
    return cases;
}

template <class Golden>
std::vector<Differs> differs(const std::vector<Golden>& cases, CaseResult (*compare)(const Golden&, const Engine&)) {
    std::vector<Differs> asked;
    for (const Golden& golden : cases)
        asked.push_back([&golden, compare](const Engine& engine) { return !compare(golden, engine).differences.empty(); });
    return asked;
}

const std::vector<GoldenSlots>& slots_cases(const std::string& version) {
    static std::map<std::string, std::vector<GoldenSlots>> read;
    const auto [entry, first] = read.try_emplace(version);
    if (first) entry->second = read_cases<GoldenSlots>(recorded_slots(version), read_golden_slots);
    return entry->second;
}

const std::vector<GoldenCapture>& capture_cases(const std::string& version) {
    static std::map<std::string, std::vector<GoldenCapture>> read;
    const auto [entry, first] = read.try_emplace(version);
    if (first) entry->second = read_cases<GoldenCapture>(recorded_captures(version), read_golden_capture);
    return entry->second;
}

// A trace whose every line is held, so that it can be replayed on many engines.
struct HeldTrace {
    GoldenTrace trace;
    std::vector<TraceOperation> operations = {};
};

std::vector<HeldTrace> read_traces(const std::string& version) {
    std::vector<HeldTrace> traces;
    std::optional<TraceReader> reader;
    for (const char* name : {"trace", "edges", "trace-102"}) {
        for (const std::string& text : lines_of(trace_file(name, version))) {
            const JsonDocument line = json_line(text);
            const TraceLine kind = trace_line(line.root()).value();
            if (kind == TraceLine::header) {
                traces.push_back({std::get<GoldenTrace>(read_trace_header(line))});
                reader.emplace(traces.back().trace);
            } else if (kind == TraceLine::operation) {
                traces.back().operations.push_back(std::get<TraceOperation>(reader.value().operation(line)));
            }
        }
    }
    return traces;
}

bool replays_otherwise(const HeldTrace& held, const Engine& engine) {
    TraceReplay replay(held.trace, engine);
    if (!replay.of_setup().empty()) return true;
    return !held.trace.raised &&
           std::ranges::any_of(held.operations, [&](const TraceOperation& operation) { return !replay.make(operation).empty(); });
}

// A recorded model with the config that it was made from.
struct ConfiguredCase {
    std::variant<ModelRecording, RefusedModel> recorded;
    std::shared_ptr<const JsonDocument> document;  // The config, or a line that carries it.

    JsonValue config() const { return document->root().member("config").value_or(document->root()); }
    bool differs(const Engine& engine) const {
        const CaseResult result =
            std::visit(Overload{[&](const ModelRecording& model) { return compare_imported(model, config(), engine); },
                                [&](const RefusedModel& refused) { return compare_refused(refused, config(), engine); }},
                       recorded);
        return !result.known || !result.differences.empty();
    }
};

std::shared_ptr<const JsonDocument> config_of(const std::string& model) {
    static std::map<std::string, std::shared_ptr<const JsonDocument>> read;
    const auto [entry, first] = read.try_emplace(model);
    if (first) entry->second = std::make_shared<const JsonDocument>(shipped_config(model));
    return entry->second;
}

std::vector<Differs> model_cases(const std::string& version) {
    static std::map<std::string, std::vector<ConfiguredCase>> read;
    const auto [entry, first] = read.try_emplace(version);
    if (first) {
        for (ModelRecording& model : read_cases<ModelRecording>({recorded_models(version)}, read_model_recording)) {
            auto config = config_of(model.model.name);
            entry->second.push_back({std::move(model), std::move(config)});
        }
        for (RefusedModel& refused : read_cases<RefusedModel>({refused_models(version)}, read_refused_model)) {
            auto config = config_of(refused.model);
            entry->second.push_back({std::move(refused), std::move(config)});
        }
    }
    if (first) {
        for (std::string& line : lines_of(mutated_models(version))) {
            auto parsed = read_json({.file = "mutated", .text = std::move(line), .non_finite = true});
            auto document = std::make_shared<const JsonDocument>(std::get<JsonDocument>(std::move(parsed)));
            entry->second.push_back({std::get<ModelRecording>(read_model_recording(*document)), document});
        }
    }
    std::vector<Differs> asked;
    for (const ConfiguredCase& each : entry->second) asked.push_back([&each](const Engine& engine) { return each.differs(engine); });
    return asked;
}

std::vector<Differs> trace_cases(const std::string& version) {
    static std::map<std::string, std::vector<HeldTrace>> read;
    const auto [entry, first] = read.try_emplace(version);
    if (first) entry->second = read_traces(version);
    std::vector<Differs> asked;
    for (const HeldTrace& held : entry->second) asked.push_back([&held](const Engine& engine) { return replays_otherwise(held, engine); });
    return asked;
}

std::vector<Differs> schedule_cases(const std::string& version) {
    static std::map<std::string, std::vector<HeldTrace>> read;
    const auto [entry, first] = read.try_emplace(version);
    if (first) {
        entry->second = read_traces(version);
        std::erase_if(entry->second, [](const HeldTrace& held) { return !held.trace.driver || held.trace.raised; });
    }
    std::vector<Differs> asked;
    for (const HeldTrace& held : entry->second)
        asked.push_back(
            [&held](const Engine& engine) { return !compare_schedule(held.trace, held.operations, engine).differences.empty(); });
    return asked;
}

// What only a run shows: the events of shipped scenarios, by their digest.
struct RunCase {
    Scenario scenario;
    std::uint64_t digest = 0;  // Of the released engine.

    std::uint64_t digest_of(const Engine& engine) const {
        EventDigest nobody;
        const auto ran = run_scenario(engine, scenario, nobody);
        if (const auto* wrong = std::get_if<Diagnostics>(&ran)) ADD_FAILURE() << to_text(*wrong);
        const auto* run = std::get_if<ScenarioRun>(&ran);
        return run == nullptr ? 0 : run->digest;
    }
};

// A graph larger than a step's budget, which no shipped scenario has.
constexpr std::string_view large_graph = R"(format = 1
[model]
experts = 16
topk = 2
[[model.group]]
kind = "full"
[machine]
blocks = 100
[scheduler]
batched_max = "64 tokens"
model_len_max = "64 tokens"
graph_sizes = [128]
[capture]
[[request]]
id = "r"
prompt = "20 tokens"
)";

std::vector<Scenario> run_scenarios() {
    std::vector<Scenario> scenarios{std::get<Scenario>(read_scenario("large-graph.toml", std::string(large_graph)))};
    for (const std::string name :
         {"named/n02-writer-group-apart", "named/n09-pad-minus-one-write", "catalogue/b10-prompt-in-one-piece",
          "named/n05-dp-graph-device-cache", "catalogue/b14-stride-with-shared-experts", "catalogue/b36-draft-pool-before-growth",
          "catalogue/b39-groups-of-own-layers", "catalogue/b42-window-sized-table", "catalogue/b44-blocks-of-events",
          "catalogue/b45-drafts-follow-on", "catalogue/b56-late-output-of-a-preempted-step", "catalogue/b57-graphs-by-own-counts",
          "catalogue/b57-dummy-by-own-count", "catalogue/b58-blocks-paired-by-position", "catalogue/b58-fewer-blocks-there"}) {
        auto read = load_scenario(KV_SOURCE_DIR "/scenarios/" + name + ".toml");
        if (const auto* wrong = std::get_if<Diagnostics>(&read)) ADD_FAILURE() << to_text(*wrong);
        else scenarios.push_back(std::get<Scenario>(std::move(read)));
    }
    return scenarios;
}

std::vector<Differs> run_cases(const std::string& version) {
    static std::map<std::string, std::vector<RunCase>> made;
    const auto [entry, first] = made.try_emplace(version);
    if (first) {
        const Engine& released = *std::ranges::find(engines(), "vllm-" + version, &Engine::name);
        for (Scenario& scenario : run_scenarios()) {
            RunCase& made_case = entry->second.emplace_back(RunCase{.scenario = std::move(scenario)});
            made_case.digest = made_case.digest_of(released);
        }
    }
    std::vector<Differs> asked;
    for (const RunCase& each : entry->second)
        asked.push_back([&each](const Engine& engine) { return each.digest_of(engine) != each.digest; });
    return asked;
}

}  // namespace

const std::vector<GoldenPlan>& plan_cases(const std::string& version) {
    static std::map<std::string, std::vector<GoldenPlan>> read;
    const auto [entry, first] = read.try_emplace(version);
    if (first) entry->second = read_cases<GoldenPlan>({recorded_plans(version), recorded_edges(version)}, read_golden_plan);
    return entry->second;
}

std::span<const RecordingKind> recording_kinds() {
    static const std::vector<RecordingKind> kinds{
        {"plans",
         {SlotArea::plan, SlotArea::saying},
         [](const std::string& version) { return differs(plan_cases(version), compare_plan); }},
        {"slots", {SlotArea::address}, [](const std::string& version) { return differs(slots_cases(version), compare_slots); }},
        {"traces", {SlotArea::holding}, trace_cases},
        {"schedules", {SlotArea::scheduling}, schedule_cases},
        {"captures", {SlotArea::capture}, [](const std::string& version) { return differs(capture_cases(version), compare_capture); }},
        {"deliveries", {SlotArea::delivery}, delivery_cases},
        {"models", {SlotArea::serving}, model_cases},
        {"runs", {SlotArea::working}, run_cases}};
    return kinds;
}

const RecordingKind& kind_that_notices(SlotArea area) {
    return *std::ranges::find_if(recording_kinds(),
                                 [&](const RecordingKind& kind) { return std::ranges::find(kind.areas, area) != kind.areas.end(); });
}

}  // namespace kv::testing
