// Plans a scenario file under an engine, and works out what a reader of the plan asks next: what is padding, what a request holds.
#pragma once

#include "model/engine.h"
#include "model/plan.h"
#include "scenarios/model_file.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

// The layers of one spec, before and after planning.
struct PlannedSpec {
    std::vector<std::string> layer_ids;  // As the file names them.
    std::size_t layers = 0;
    KvSpec given;
    std::optional<KvSpec> planned;        // As its group holds it; empty: in no group.
    std::optional<Bytes> page;            // Of one block of one layer as planned, padding included.
    std::optional<Bytes> page_real;       // The same without padding.
    std::optional<Refusal> page_refusal;  // The engine cannot say the page of this spec.
};

struct PlannedGroup {
    std::vector<LayerId> layers;
    KvSpec spec;
    bool bundle = false;
    bool draft = false;
    std::optional<Bytes> page;       // Of one block of one layer; a bundle's: of all its layers.
    Bytes real_per_block;            // What its layers store in one block, over all workers, and ...
    Bytes taken_per_block;           // ... what that block takes of the pools. Zero in a refused plan.
    std::optional<Blocks> held_max;  // By one request of model_len_max.
};

struct PlannedFile {
    Engine engine;
    PlanOutcome outcome;
    std::vector<PlannedSpec> specs;           // In order of first appearance.
    std::vector<PlannedGroup> groups;         // Empty when the engine refused before it had groups.
    Tokens model_len_max;                     // After fitting.
    std::optional<Blocks> held_max;           // By one request of model_len_max in all groups.
    std::optional<Tokens> concurrent_tokens;  // Concurrency x length: what the engine's second figure says fits.
};

// A size that does not fit 64 bits is a diagnostic at the layer that has it.
std::variant<PlannedFile, Diagnostic> plan_file(const Engine& engine, const ModelFile& model);

// The slots in which the engine differs from the shipped one of its name: {"side-buffer", "group-slots"}.
struct ReplacedRule {
    std::string_view slot, rule;
};
std::vector<ReplacedRule> replaced_rules(const Engine& engine);

}  // namespace kv
