// A model as the ranks of an engine hand it to the planner: named layers, each with a spec, on one or more workers.
#pragma once

#include "model/spec.h"

#include <string>
#include <vector>

namespace kv {

struct WorkerLayer {
    LayerId layer;
    SpecId spec;
    friend bool operator==(WorkerLayer, WorkerLayer) = default;
};

// Layers are numbered in order of first appearance over the workers; equal specs have one id.
struct ModelLayers {
    std::vector<std::string> names;                 // By LayerId.
    std::vector<KvSpec> specs;                      // By SpecId; no two alike.
    std::vector<std::vector<WorkerLayer>> workers;  // In registration order. Tensor-parallel ranks of a stage hold the same layers.
};

inline std::size_t index(LayerId id) { return static_cast<std::size_t>(id); }
inline std::size_t index(SpecId id) { return static_cast<std::size_t>(id); }

}  // namespace kv
