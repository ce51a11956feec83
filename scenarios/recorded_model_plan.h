// The part of a recorded model that names its layers by their places: which specs they have, and what was planned of them.
#pragma once

#include "scenarios/golden_plan.h"
#include "scenarios/model_file.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace kv {

struct RecordedModelGroup {
    std::vector<LayerId> layers;
    std::optional<RecordedSpec> spec;       // None: a bundle of layers that each keep their own.
    std::vector<RecordedSpec> layer_specs;  // Of a bundle, one for each layer; empty where the line does not list them.
    std::optional<bool> draft = {};         // Told of the scheduler's groups only.
};

struct RecordedModelWorker {
    Blocks blocks;
    std::vector<RecordedModelGroup> groups;
    std::vector<Tensor> tensors;
};

struct RecordedModelPlan {
    Tokens model_len_max;  // After fitting.
    std::vector<RecordedModelWorker> workers;
    std::vector<RecordedModelGroup> groups;  // As the scheduler has them.
    std::vector<TokensPerBlock> group_blocks;
    std::optional<Capacity> capacity;  // None where there is no group.
    std::optional<Tokens> block;
    std::optional<Tokens> scheduler_block, hash_block;  // Since 0.32.0.
};

// Reads `specs` and `layers` into a model file, and then lists of places in them. Notes what is wrong.
class RecordedLayers {
public:
    RecordedLayers(ModelFile& model, RecordShape shape, JsonErrors& errors) : model_(model), shape_(shape), errors_(errors) {}

    void read(JsonValue table, JsonValue layers);
    std::vector<LayerId> layers_at(JsonValue places) const;  // A list of places in `layers`.
    bool is_bundle(JsonValue place) const;                   // Of several specs: a place in `specs`.
    std::optional<RecordedSpec> spec_at(JsonValue place);

private:
    void add(std::size_t place, JsonValue name, JsonValue spec, std::size_t rank);
    std::optional<std::size_t> place_of(JsonValue place) const;
    SpecId id_of(const KvSpec& spec);

    ModelFile& model_;
    RecordShape shape_;
    JsonErrors& errors_;
    std::vector<JsonValue> table_;
    std::vector<std::optional<RecordedSpec>> specs_;
    std::unordered_map<std::string, LayerId> names_;
    std::vector<LayerId> places_;
};

std::variant<RecordedModelPlan, RecordedError> read_model_outcome(JsonFields& fields, std::size_t workers, RecordedLayers& layers);

}  // namespace kv
