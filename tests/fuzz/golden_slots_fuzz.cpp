// A line of recorded block tables: what reads is mapped by every engine and compared, whatever sizes it has.
#include "harness/slots_conformity.h"
#include "model/engine.h"
#include "scenarios/golden_slots.h"

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
    const auto read = kv::read_golden_slots(*line);
    if (const auto* errors = std::get_if<kv::Diagnostics>(&read)) {
        kv::to_text(*errors);
        return 0;
    }
    for (const kv::Engine& engine : kv::engines()) {
        try {
            kv::compare_slots(std::get<kv::GoldenSlots>(read), engine);
        } catch (const kv::SizeOverflow&) {  // A diagnostic of `conform`.
        }
    }
    return 0;
}
