// A scenario file whole: a model and what it runs on, the requests, what is captured, and what the properties must say of it.
#pragma once

#include "model/capture/dispatch.h"
#include "scenarios/expectation.h"
#include "scenarios/model_file.h"
#include "scenarios/scenario_request.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

struct ScenarioGroup {  // One [[model.group]]: as an engine would have made it.
    std::string id;     // May be empty.
    KvSpec spec;
    std::int64_t layers = 1;
    std::optional<std::int64_t> columns = {};  // Of a row of its block table.
    Diagnostic place = {};
};

struct ModelConfig {   // A config.json that says what the model is.
    std::string path;  // As it is written; from the scenario's folder.
    Diagnostic place = {};
};

struct RoutedModel {                           // Of [model]; what is not there a config.json says, or nobody.
    std::optional<std::int64_t> experts = {};  // Logical, of one layer.
    std::optional<std::int64_t> topk = {};
    std::int64_t dense_first = 0;
    std::int64_t redundant_experts = 0;
    std::int64_t shared_experts = 0;
};

struct Spread {  // Of [parallel], beside what planning reads.
    std::int64_t data = 1;
    std::int64_t expert = 1;
    RouterView layout = RouterView::joined;
    std::int64_t micro_batches = 1;
    Tokens expert_chunk{0};  // 0: all at once.
};

struct Stepping {         // Of [scheduler], beside what planning reads.
    Tokens chunk_max{0};  // Of one request in a step; 0: no bound of its own.
    bool whole_request_must_fit = true;
    std::int64_t steps_max = 1'000'000;
    std::vector<std::int64_t> graph_sizes = {};  // Rising.
    bool dp_padding = false;
};

struct ScenarioCapture {
    bool enabled = false;
    bool opt_in = true;
    std::int64_t draft_layers = 0;
    std::optional<std::int64_t> draft_first = {};
    bool routes_inside = false;
    std::optional<std::int64_t> router_columns = {};
    std::optional<std::int64_t> router_layer = {};
    std::optional<std::int64_t> reader_layers = {};
};

struct ScenarioReset {
    std::int64_t step = 0;
    std::optional<std::int64_t> rank = {};  // Empty: all.
    bool preempt_running = false;
    Diagnostic place = {};
};

struct Scenario {
    std::string file;
    std::string title;
    std::int64_t seed = 1;
    std::vector<std::string> affects = {};  // Names of engines.
    std::vector<std::string> bugs = {};     // That it is about, of model/known_bugs.h, by their ids.
    ModelFile model;                        // Its layers are empty where there are groups or a configuration instead.
    std::vector<ScenarioGroup> groups = {};
    std::optional<ModelConfig> config = {};
    RoutedModel routed = {};
    Bytes host{0};
    Diagnostic machine_place = {};            // Of [machine].
    std::optional<Tokens> router_block = {};  // Of [cache].
    Spread spread = {};
    Stepping stepping = {};
    ScenarioCapture capture = {};
    std::vector<ListedRequest> requests = {};
    std::optional<WorkloadSource> workload = {};
    std::vector<ScenarioReset> resets = {};
    std::vector<Expectation> expectations = {};
};

inline constexpr std::size_t scenario_requests_max = std::size_t{1} << 20;

// All that is wrong is told at once, a syntax error alone. The file's name is for messages, and for what is looked up in its folder later.
std::variant<Scenario, Diagnostics> read_scenario(const std::string& file, const std::string& text);

// The same from disk; a file that cannot be read is a diagnostic too.
std::variant<Scenario, Diagnostics> load_scenario(const std::string& file);

// Every request of the scenario, the same each time: copies, then those of the workload, whose file is read here.
std::variant<RequestList, Diagnostics> requests_of(const Scenario& scenario);

// "r1"; of a copy "r1#2"; of the workload "w17".
std::string request_id(const Scenario& scenario, const ScenarioRequest& request);

// A path that a scenario names, from the working folder.
std::string beside(const std::string& scenario_file, const std::string& path);

}  // namespace kv
