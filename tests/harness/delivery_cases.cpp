#include "tests/harness/delivery_cases.h"

#include "harness/side_buffer_conformity.h"
#include "tests/support/plain_engine.h"
#include "tests/support/recorded.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

namespace kv::testing {
namespace {

struct Driven {
    PlainShape shape = {};
    PlainScript script;
};

// What a row is made of, in numbers; or what was raised at start.
using Made = std::tuple<std::string, std::vector<RowPart>, std::int64_t, std::optional<RowType>, bool>;

Made made_of(const Engine& engine, const RowModel& model) {
    try {
        const RowFormat format(engine, model);
        return {"", format.parts(), format.id_end(), format.type(), format.holds_every_id()};
    } catch (const RefusedByEngine& refused) {
        return {std::string(refused.refusal.raised_in), {}, 0, std::nullopt, false};
    }
}

constexpr RouterShape few{.experts = 8, .topk = 2};

std::vector<RowModel> models() {
    return {{.layers = 6, .dense_first = 2, .routers = few},
            {.layers = 6, .stage_layers = {2, 4}, .routers = few},
            {.layers = 6, .draft_layers = 2, .routers = few},
            {.layers = 6, .routers = few, .routes_inside = true},
            {.layers = 6, .routers = few, .replicas = 4},
            {.layers = 6, .routers = {.experts = 257, .topk = 2}},
            {.layers = 6, .routers = {.experts = 70'000, .topk = 2}}};
}

PlainRequest request(std::vector<PlainRequest::Part> prompt, std::int64_t outputs) {
    return {.prompt = std::move(prompt), .outputs = outputs};
}

std::vector<Driven> driven() {
    std::vector<Driven> cases;
    const auto two_that_share = [](PlainEngine& plain) {
        plain.arrive(request({{1, 9}}, 4));
        plain.step();
        plain.arrive(request({{1, 8}, {2, 3}}, 3));
        plain.run();
    };
    cases.push_back({{}, two_that_share});
    cases.push_back({{.in_flight = 2}, two_that_share});
    cases.push_back({{.skip_every = 3}, two_that_share});
    cases.push_back({{.padding = 2}, [](PlainEngine& plain) {  // The last row of the buffer is somebody's.
                         plain.arrive(request({{1, 40}}, 24));
                         plain.run();
                     }});
    cases.push_back({{}, [](PlainEngine& plain) {  // In the blocks of one that went, some of them loaded.
                         plain.arrive(request({{1, 40}}, 18));
                         plain.run();
                         PlainRequest loads = request({{2, 14}}, 3);
                         loads.loaded_blocks = 2;
                         plain.arrive(loads);
                         plain.run();
                     }});
    cases.push_back({{}, [](PlainEngine& plain) {
                         plain.arrive(request({{1, 9}}, 6));
                         for (int i = 0; i < 3; ++i) plain.step();
                         plain.preempt_last();
                         plain.run();
                     }});
    cases.push_back({{}, [](PlainEngine& plain) {
                         PlainRequest silent = request({{1, 9}}, 2);
                         silent.opted_in = false;
                         plain.arrive(silent);
                         plain.run();
                     }});
    cases.push_back({{.rows = 12}, [](PlainEngine& plain) {  // Three objects, or twelve slots of sixty-four.
                         plain.arrive(request({{1, 9}}, 2));
                         plain.run();
                         plain.arrive(request({{2, 9}}, 2));
                         plain.run();
                         plain.arrive(request({{1, 9}, {3, 2}}, 2));
                         plain.run();
                     }});
    cases.push_back({{.model = {.layers = 2, .routers = {.experts = 300, .topk = 1}}}, two_that_share});
    cases.push_back({{.model = {.layers = 6, .draft_layers = 2, .routers = few}}, two_that_share});
    return cases;
}

const std::vector<GoldenSideBuffer>& side_buffers(const std::string& version) {
    static std::map<std::string, std::vector<GoldenSideBuffer>> read;
    const auto [entry, first] = read.try_emplace(version);
    if (!first || version != "0.18.0") return entry->second;
    for (std::string& text : lines_of(recorded_side_buffers(version))) {
        const auto document = read_json({.file = "side buffers", .text = std::move(text)});
        entry->second.push_back(std::get<GoldenSideBuffer>(read_golden_side_buffer(std::get<JsonDocument>(document))));
    }
    return entry->second;
}

}  // namespace

std::vector<Differs> delivery_cases(const std::string& version) {
    const Engine& released = *std::ranges::find(engines(), "vllm-" + version, &Engine::name);
    std::vector<Differs> cases;
    for (const GoldenSideBuffer& golden : side_buffers(version))
        cases.push_back([&golden](const Engine& engine) {
            const std::optional<CaseResult> result = compare_side_buffer(golden, engine);
            return !result || !result->differences.empty();
        });
    for (const RowModel& model : models())
        cases.push_back([model, made = made_of(released, model)](const Engine& engine) { return made_of(engine, model) != made; });
    for (const Driven& each : driven())
        cases.push_back([each, outcome = outcome_of(released, each.shape, each.script)](const Engine& engine) {
            return outcome_of(engine, each.shape, each.script) != outcome;
        });
    return cases;
}

}  // namespace kv::testing
