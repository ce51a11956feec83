// A scenario file: what reads is planned by both engines and reported, whatever sizes it has.
#include "harness/plan_file.h"
#include "reports/plan_json.h"
#include "reports/plan_text.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = kv::read_model_file("fuzz.toml", std::string(data, data + size));
    if (const auto* errors = std::get_if<kv::Diagnostics>(&read)) {
        kv::to_text(*errors);
        return 0;
    }
    const auto& model = std::get<kv::ModelFile>(read);
    constexpr std::size_t layers_worth_a_plan = 256;  // A plan of thousands of layers says no more and takes a thousand times as long.
    if (model.layers.names.size() > layers_worth_a_plan) return 0;
    for (const char* const name : {"vllm-0.18.0", "vllm-0.32.0"}) {
        auto planned = kv::plan_file(std::get<kv::Engine>(kv::engine_spelled(name)), model);
        if (const auto* error = std::get_if<kv::Diagnostic>(&planned)) {
            kv::to_text(*error);
            continue;
        }
        kv::plan_text(model, std::get<kv::PlannedFile>(planned), kv::Color::on);
        kv::plan_json({{"fuzz.toml", model, std::get<kv::PlannedFile>(std::move(planned))}});
    }
    return 0;
}
