#include "model/plan.h"

#include "model/grouping.h"
#include "model/planning.h"

#include <algorithm>
#include <utility>

namespace kv {
namespace {

// Layers of all workers, in order of first appearance; workers that hold one layer must agree on its spec.
void merge_workers(Planning& planning) {
    std::vector<WorkerLayer> layers;
    layers.reserve(planning.model.workers.empty() ? 0 : planning.model.workers[0].size());
    std::vector<SpecId> spec_of(planning.model.names.size(), static_cast<SpecId>(-1));
    for (const std::vector<WorkerLayer>& worker : planning.model.workers) {
        for (const WorkerLayer& layer : worker) {
            SpecId& known = spec_of[index(layer.layer)];
            if (known == static_cast<SpecId>(-1)) {
                known = layer.spec;
                layers.push_back(layer);
            } else if (known != layer.spec) {
                refuse({.type = Raised::assertion_error,
                        .raised_in = "get_kv_cache_configs",
                        .message = "workers disagree on the spec of layer " + planning.model.names[index(layer.layer)]});
            }
        }
    }
    planning.set_layers(std::move(layers));
}

// What a worker holds of each group of the model; a group keeps its place when the worker holds none of it.
std::vector<Group> project(const Planning& planning, const std::vector<Group>& groups, const std::vector<WorkerLayer>& worker) {
    if (worker.size() == planning.layers().size()) return groups;
    std::vector<char> held(planning.model.names.size(), 0);
    for (const WorkerLayer& layer : worker) held[index(layer.layer)] = 1;
    std::vector<Group> projected;
    projected.reserve(groups.size());
    for (const Group& group : groups) {
        Group own{.spec = group.spec};
        for (const LayerId layer : group.layers)
            if (held[index(layer)] != 0) own.layers.push_back(layer);
        own.draft = group.draft && !own.layers.empty();
        if (group.bundle && own.layers.empty()) own.bundle = group.bundle;
        if (group.bundle && !own.layers.empty()) {
            own.bundle = UniformBundle{own.layers, {}};
            for (const LayerId layer : own.layers) own.bundle->specs.push_back(spec_of_layer(group, layer));
            own.spec = own.bundle->specs.front();
        }
        projected.push_back(std::move(own));
    }
    return projected;
}

bool fits(Planning& planning, std::span<const Group> groups, Bytes memory, Tokens length) {
    const Tokens given = std::exchange(planning.settings.model_len_max, length);
    const bool fit = planning.engine.request_need(planning, groups) <= memory;
    planning.settings.model_len_max = given;
    return fit;
}

// The longest request that fits, by bisection as the engines do it; 0: not even one token.
Tokens longest_that_fits(Planning& planning, std::span<const Group> groups, Bytes memory) {
    if (!fits(planning, groups, memory, Tokens{1})) return Tokens{0};
    Tokens low{1}, high = planning.settings.model_len_max, best{1};
    while (low <= high) {
        const Tokens middle{low.value + (high.value - low.value) / 2};
        if (fits(planning, groups, memory, middle)) {
            best = middle;
            low = middle + Tokens{1};
        } else {
            high = middle - Tokens{1};
        }
    }
    return best;
}

struct Checked {
    std::vector<std::span<const Group>> groups;  // What each worker is asked for.
    std::vector<Bytes> memory;
};

void fit_length(Planning& planning, const Checked& checked) {
    Tokens longest = planning.settings.model_len_max;
    for (std::size_t worker = 0; worker < checked.memory.size(); ++worker) {
        if (checked.groups[worker].empty()) return;
        longest = std::min(longest, longest_that_fits(planning, checked.groups[worker], checked.memory[worker]));
    }
    if (longest <= Tokens{0})
        refuse({.type = Raised::value_error,
                .raised_in = "_auto_fit_max_model_len",
                .message = "no length can be fitted: not even one token has room"});
    planning.settings.model_len_max = longest;
}

void check_memory(Planning& planning, const Checked& checked) {
    for (std::size_t worker = 0; worker < checked.memory.size(); ++worker) {
        const std::span<const Group> groups = checked.groups[worker];
        const Bytes memory = checked.memory[worker];
        if (groups.empty()) continue;
        AdmissionFigures figures{.worker = static_cast<std::int64_t>(worker), .checked = memory};
        Refusal refusal{
            .type = Raised::value_error, .raised_in = "_check_enough_kv_cache_memory", .message = "there is no memory for the cache"};
        if (memory > Bytes{0}) {
            figures.needed = planning.engine.request_need(planning, groups);
            if (*figures.needed <= memory) continue;
            figures.estimated_len_max = longest_that_fits(planning, groups, memory);
            refusal.message = "one request of " + std::to_string(planning.settings.model_len_max.value) + " tokens needs " +
                              std::to_string(figures.needed->value) + " bytes, and " + std::to_string(memory.value) + " are there";
        }
        refusal.admission = figures;
        refuse(std::move(refusal));
    }
}

// Mirrors get_kv_cache_configs of both versions: the order of its steps decides which refusal comes first.
std::vector<WorkerPlan> plan_workers(Planning& planning, const std::vector<Group>& groups, const std::vector<Bytes>& memory) {
    const Engine& engine = planning.engine;
    std::vector<std::vector<Group>> projected;
    for (const std::vector<WorkerLayer>& worker : planning.model.workers) projected.push_back(project(planning, groups, worker));
    std::vector<Bytes> planned = memory;
    for (std::size_t i = 0; i < projected.size(); ++i) planned[i] = engine.override_order(planning, projected[i], memory[i]);
    Checked checked;
    for (std::size_t i = 0; i < projected.size(); ++i) {
        checked.memory.push_back(engine.null_block(planning, projected[i], planned[i]));
        checked.groups.push_back(engine.rank_scope(groups, projected[i]));
    }
    if (planning.settings.length == LengthChoice::fitted_to_memory) fit_length(planning, checked);
    check_memory(planning, checked);

    std::vector<WorkerPlan> workers;
    for (std::size_t i = 0; i < projected.size(); ++i) {
        std::size_t assigned = 0;
        for (const Group& group : projected[i]) assigned += group.layers.size();
        if (assigned != planning.model.workers[i].size())
            refuse({.type = Raised::assertion_error, .raised_in = "get_kv_cache_configs", .message = "some layers are in no group"});
        workers.push_back(engine.worker_layout(planning, std::move(projected[i]), planned[i]));
    }
    engine.smallest_rank(planning, workers);
    return workers;
}

// What each worker would make of its own layers, as if there were no other.
void group_own_layers(Planning& planning, std::vector<WorkerPlan>& workers) {
    for (std::size_t worker = 0; worker < workers.size(); ++worker) {
        ModelLayers own = planning.model;
        own.workers = {planning.model.workers[worker]};
        Planning alone(planning.engine, own, planning.settings, planning.model.specs);
        merge_workers(alone);
        planning.engine.known_kinds(alone);
        planning.engine.retention(alone);
        std::vector<SpecId>& groups = workers[worker].own_groups.emplace();
        for (const Group& group : group_layers(alone)) groups.push_back(planning.intern(alone.spec(group.spec)));
    }
}

}  // namespace

PlanOutcome make_plan(const Engine& engine, const PlanInput& input) {
    require(input.layers != nullptr && input.memory.size() == input.layers->workers.size(), "each worker has its memory");
    Planning planning(engine, *input.layers, input.settings, input.layers->specs);
    std::optional<std::vector<Group>> groups;
    try {
        merge_workers(planning);
        engine.known_kinds(planning);
        engine.retention(planning);
        groups = group_layers(planning);
        Plan plan;
        plan.workers = plan_workers(planning, *groups, input.memory);
        plan.model_len_max = planning.settings.model_len_max;
        if (engine.group_scope.choice == GroupScope::own_layers) group_own_layers(planning, plan.workers);
        engine.report(planning, plan);
        plan.groups = std::move(*groups);
        plan.padding_layers = std::move(planning.padding_layers);
        plan.specs = std::move(planning.specs);
        return plan;
    } catch (RefusedByEngine& refused) {
        return RefusedPlan{std::move(refused.refusal), std::move(planning.specs), std::move(groups)};
    }
}

namespace {

template <class Ask>
auto answer_or_refusal(Ask ask) -> std::variant<decltype(ask()), Refusal> {
    try {
        return ask();
    } catch (RefusedByEngine& refused) {
        return std::move(refused.refusal);
    }
}

}  // namespace

std::variant<Bytes, Refusal> page_bytes(const Engine& engine, const KvSpec& spec) {
    return answer_or_refusal([&] { return engine.page_bytes(spec); });
}

std::variant<Bytes, Refusal> request_bytes_max(const Engine& engine, const KvSpec& spec, const Settings& settings) {
    return answer_or_refusal([&] { return engine.request_bytes(engine, spec, settings); });
}

std::variant<Blocks, Refusal> blocks_held_max(const Engine& engine, const KvSpec& spec, const Settings& settings) {
    return answer_or_refusal(
        [&] { return ceil_div(engine.request_bytes(engine, spec, settings), divisor(engine.page_bytes(spec), "cdiv")); });
}

}  // namespace kv
