// Short ways to build models and settings for planning tests.
#pragma once

#include "model/engine.h"
#include "model/plan.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace kv::testing {

inline constexpr std::int64_t gib = std::int64_t{1} << 30;

inline Engine engine_of(std::string_view spelling) {
    auto spelled = engine_spelled(spelling);
    if (const auto* wrong = std::get_if<EngineSpelling>(&spelled)) ADD_FAILURE() << wrong->message;
    return std::get<Engine>(spelled);
}

struct CacheShape {
    std::int64_t block = 16;
    std::int64_t kv_heads = 8;
    std::int64_t head_size = 64;
    DType dtype = DType::bfloat16;
};

inline AttentionCache cache_of(CacheShape shape) {
    return {.block = TokensPerBlock{shape.block},
            .kv_heads = shape.kv_heads,
            .head_size = shape.head_size,
            .head_size_v = shape.head_size,
            .dtype = shape.dtype};
}

inline KvSpec full(CacheShape shape) { return FullSpec{.cache = cache_of(shape)}; }
inline KvSpec window(CacheShape shape, std::int64_t tokens) {
    return SlidingWindowSpec{.cache = cache_of(shape), .window = Tokens{tokens}, .extra_retained = Tokens{0}};
}
inline KvSpec chunked(CacheShape shape, std::int64_t tokens) { return ChunkedLocalSpec{.cache = cache_of(shape), .chunk = Tokens{tokens}}; }

// A state page of `bytes`, in blocks of `block` tokens.
inline KvSpec mamba(std::int64_t block, std::int64_t bytes, MambaMode mode = MambaMode::none) {
    MambaSpec spec;
    spec.block = TokensPerBlock{block};
    spec.states = {{{bytes}, DType::uint8}};
    spec.mode = mode;
    return spec;
}

// Layers L0, L1, ... with the given specs, on one worker or, with `stages`, on one for each.
inline ModelLayers model_of(const std::vector<KvSpec>& layers, std::vector<std::size_t> stages = {}) {
    ModelLayers model;
    if (stages.empty()) stages = {layers.size()};
    std::size_t next = 0;
    for (const std::size_t count : stages) {
        std::vector<WorkerLayer>& worker = model.workers.emplace_back();
        for (std::size_t i = 0; i < count; ++i, ++next) {
            std::size_t spec = 0;
            while (spec < model.specs.size() && model.specs[spec] != layers[next]) ++spec;
            if (spec == model.specs.size()) model.specs.push_back(layers[next]);
            model.names.push_back("L" + std::to_string(next));
            worker.push_back({static_cast<LayerId>(next), static_cast<SpecId>(spec)});
        }
    }
    return model;
}

inline std::vector<KvSpec> repeated(std::size_t times, const std::vector<KvSpec>& pattern) {
    std::vector<KvSpec> layers;
    for (std::size_t i = 0; i < times; ++i) layers.insert(layers.end(), pattern.begin(), pattern.end());
    return layers;
}

inline PlanOutcome outcome_of(std::string_view engine, const ModelLayers& model, const Settings& settings,
                              std::vector<std::int64_t> memory) {
    PlanInput input{.layers = &model, .settings = settings, .memory = {}};
    for (const std::int64_t bytes : memory) input.memory.push_back(Bytes{bytes});
    if (input.memory.size() == 1) input.memory.resize(model.workers.size(), input.memory[0]);
    return make_plan(engine_of(engine), input);
}

inline Plan plan_of(std::string_view engine, const ModelLayers& model, const Settings& settings, std::vector<std::int64_t> memory) {
    PlanOutcome outcome = outcome_of(engine, model, settings, std::move(memory));
    if (const auto* refused = std::get_if<RefusedPlan>(&outcome)) {
        ADD_FAILURE() << refused->refusal.message;
        return {};
    }
    return std::get<Plan>(std::move(outcome));
}

}  // namespace kv::testing
