#include "tests/harness/recording_kinds.h"

#include "harness/capture_conformity.h"
#include "harness/model_conformity.h"
#include "harness/plan_conformity.h"
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
        {"models", {SlotArea::serving}, model_cases}};
    return kinds;
}

const RecordingKind& kind_that_notices(SlotArea area) {
    return *std::ranges::find_if(recording_kinds(),
                                 [&](const RecordingKind& kind) { return std::ranges::find(kind.areas, area) != kind.areas.end(); });
}

}  // namespace kv::testing
