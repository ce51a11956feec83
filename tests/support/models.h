// The recorded models in tests/golden/models.
#pragma once

#include "harness/capacity_models.h"
#include "scenarios/text_file.h"
#include "tests/support/recorded.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kv::testing {

inline std::string recorded_models(const std::string& version) {
    return std::string(KV_GOLDEN_DIR) + "/models/specs-vllm-" + version + ".jsonl.gz";
}
inline std::string refused_models(const std::string& version) {
    return std::string(KV_GOLDEN_DIR) + "/models/refused-vllm-" + version + ".jsonl.gz";
}

inline std::string mutated_models(const std::string& version) {
    return std::string(KV_GOLDEN_DIR) + "/mutated/mutated-vllm-" + version + ".jsonl.gz";
}
inline std::string refused_mutations(const std::string& version) {
    return std::string(KV_GOLDEN_DIR) + "/mutated/mutated-refused-vllm-" + version + ".jsonl.gz";
}

inline std::string config_file(const std::string& model) { return std::string(KV_GOLDEN_DIR) + "/models/" + model + "/config.json"; }

inline JsonDocument shipped_config(const std::string& model) {
    auto text = read_text_file(config_file(model), config_bytes_max);
    auto read = read_json({.file = model, .text = std::get<std::string>(std::move(text)), .non_finite = true});
    return std::get<JsonDocument>(std::move(read));
}

inline std::vector<CapacityModel> loaded_models(const std::vector<std::string>& files, const std::vector<std::string>& names = {}) {
    auto loaded = load_capacity_models(files, names);
    if (const auto* wrong = std::get_if<Diagnostics>(&loaded)) {
        ADD_FAILURE() << to_text(*wrong);
        return {};
    }
    return std::get<std::vector<CapacityModel>>(std::move(loaded));
}

inline CapacityModel recorded_model(const std::string& name) {
    auto models =
        loaded_models({recorded_models("0.18.0"), recorded_models("0.32.0"), refused_models("0.18.0"), refused_models("0.32.0")}, {name});
    EXPECT_EQ(models.size(), 1U) << name;
    return models.empty() ? CapacityModel{} : std::move(models.front());
}

inline CapacityModel stated_model(const std::string& name) {
    auto models = loaded_models({std::string(KV_SOURCE_DIR "/scenarios/plans/") + name + ".toml"});
    EXPECT_EQ(models.size(), 1U) << name;
    return models.empty() ? CapacityModel{} : std::move(models.front());
}

inline CapacityModel configured_model(const std::string& model) {
    auto models = loaded_models({config_file(model)});
    EXPECT_EQ(models.size(), 1U) << model;
    return models.empty() ? CapacityModel{} : std::move(models.front());
}

inline Engine engine_called(const std::string& spelling) { return std::get<Engine>(engine_spelled(spelling)); }

}  // namespace kv::testing
