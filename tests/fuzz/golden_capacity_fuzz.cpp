// A line of recorded truths: what reads is filled, counted and compared, whatever sizes it has.
#include "harness/capacity_conformity.h"
#include "model/engine.h"
#include "scenarios/golden_capacity.h"

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
    auto read = kv::read_golden_capacity(*line);
    if (const auto* errors = std::get_if<kv::Diagnostics>(&read)) {
        kv::to_text(*errors);
        return 0;
    }
    auto& golden = std::get<std::optional<kv::GoldenCapacity>>(read);
    if (!golden) return 0;
    if (golden->truths.size() > 1) golden->truths.resize(1);  // Each may take all the work that one filling may.
    for (const char* const engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        try {
            kv::compare_capacity(*golden, std::get<kv::Engine>(kv::engine_spelled(engine)));
        } catch (const kv::SizeOverflow&) {  // A diagnostic of `conform`.
        }
    }
    return 0;
}
