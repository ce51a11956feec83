// A recorded model: what reads can be planned, or its sizes are too large; what does not says where it is wrong.
#include "harness/model_conformity.h"
#include "model/contract.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = kv::read_json({.file = "fuzz.jsonl", .text = std::string(data, data + size)});
    const auto* document = std::get_if<kv::JsonDocument>(&parsed);
    if (document == nullptr) return 0;
    const auto read = kv::read_model_recording(*document);
    if (const auto* errors = std::get_if<kv::Diagnostics>(&read)) {
        kv::require(!errors->empty(), "a line that is refused has an error");
        kv::to_text(*errors);
        return 0;
    }
    const auto& recording = std::get<kv::ModelRecording>(read);
    constexpr std::size_t layers_worth_a_plan = 256;
    if (recording.model.layers.names.size() > layers_worth_a_plan) return 0;
    for (const char* const name : {"vllm-0.18.0", "vllm-0.32.0"}) {
        try {
            static_cast<void>(kv::compare_model_plan(recording, std::get<kv::Engine>(kv::engine_spelled(name))));
        } catch (const kv::SizeOverflow&) {
        }
    }
    return 0;
}
