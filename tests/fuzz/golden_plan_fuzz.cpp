// A line of a recorded plan: what reads is planned and compared, whatever sizes it has.
#include "harness/plan_conformity.h"
#include "model/engine.h"
#include "scenarios/golden_plan.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(data, data + size);
    const auto document = kv::read_json({.file = "fuzz.jsonl", .text = std::move(text)});
    const auto* line = std::get_if<kv::JsonDocument>(&document);
    if (line == nullptr) return 0;
    const auto read = kv::read_golden_plan(*line);
    if (const auto* errors = std::get_if<kv::Diagnostics>(&read)) {
        kv::to_text(*errors);
        return 0;
    }
    const auto& golden = std::get<kv::GoldenPlan>(read);
    for (const char* const engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        try {
            kv::compare_plan(golden, std::get<kv::Engine>(kv::engine_spelled(engine)));
        } catch (const kv::SizeOverflow&) {  // A diagnostic of `conform`.
        }
    }
    return 0;
}
