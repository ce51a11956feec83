// Any bytes as a config.json: a shape that both engines serve or refuse and, served, plan or refuse, or what is wrong with it.
#include "harness/imported_model.h"
#include "harness/plan_file.h"
#include "model/contract.h"
#include "model/engine.h"
#include "model/units.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace {

// Enough to look at each kind of layer under tensor and pipeline parallelism, chosen by a byte that no config ends in.
kv::ServingArguments arguments_of(const std::uint8_t* data, std::size_t size) {
    const unsigned last = size == 0 ? 0 : data[size - 1];
    kv::ServingArguments arguments;
    if (last < 0x80) return arguments;  // A text.
    arguments.parallel.tensor = std::int64_t{1} << (last & 3);
    arguments.parallel.pipeline = (last >> 2 & 3) + 1;
    if ((last & 0x10) != 0) arguments.cache_dtype = "fp8";
    if ((last & 0x20) != 0) arguments.drafting = {.method = "mtp", .tokens = 2};
    if ((last & 0x40) != 0) arguments.hybrid_manager = kv::HybridManager::disabled;
    return arguments;
}

void plan(const kv::Engine& engine, kv::ServedModel served) {
    constexpr std::size_t layers_worth_a_plan = 256;  // A plan of thousands of layers says no more and takes a thousand times as long.
    if (served.layers.names.size() > layers_worth_a_plan) return;
    const kv::Diagnostic place{.where = {.file = "config.json"}, .message = {}, .line_text = {}};
    const kv::ModelFile file = kv::file_of_served("fuzz", std::move(served), kv::Bytes{std::int64_t{40} << 30}, place);
    static_cast<void>(kv::plan_file(engine, file));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const kv::ServingArguments arguments = arguments_of(data, size);
    const std::size_t text_size = size > 0 && data[size - 1] >= 0x80 ? size - 1 : size;
    const auto read = kv::read_json({.file = "config.json", .text = std::string(data, data + text_size), .non_finite = true});
    if (!std::holds_alternative<kv::JsonDocument>(read)) return 0;
    for (const char* const name : {"vllm-0.18.0", "vllm-0.32.0"}) {
        const auto engine = std::get<kv::Engine>(kv::engine_spelled(name));
        try {
            auto served = kv::serve_config(engine, std::get<kv::JsonDocument>(read).root(), arguments);
            if (const auto* errors = std::get_if<kv::Diagnostics>(&served)) {
                kv::require(!errors->empty(), "a config that is refused has an error");
                kv::to_text(*errors);
            } else if (auto* model = std::get_if<kv::ServedModel>(&served)) {
                kv::require(!model->layers.workers.empty(), "a model that is served has workers");
                plan(engine, std::move(*model));
            }
        } catch (const kv::SizeOverflow&) {
        }
    }
    return 0;
}
