#include "scenarios/golden_plan.h"

#include "scenarios/golden_expect.h"
#include "scenarios/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace kv {

namespace {

// A record says its engine; one of an engine that only some rule or patch tells from a released one is told by its settings.
RecordShape shape_of(JsonValue line) {
    constexpr std::array<std::string_view, 3> since_0_32{"kv_cache_layout", "async_scheduling", "use_v2_model_runner"};
    const std::string engine = golden_engine(line);
    if (engine.starts_with("vllm-0.18.")) return RecordShape::vllm_0_18;
    if (engine.starts_with("vllm-0.32.")) return RecordShape::vllm_0_32;
    const std::optional<JsonValue> config = line.member("config");
    const bool newer = config && std::ranges::any_of(since_0_32, [&](std::string_view key) { return config->member(key).has_value(); });
    return newer ? RecordShape::vllm_0_32 : RecordShape::vllm_0_18;
}

template <class Unit>
std::optional<Unit> counted(std::optional<std::int64_t> value) {
    return value ? std::optional(Unit(*value)) : std::nullopt;
}

// The settings that 0.32.0 added, and what it derived from the others.
void read_newer_settings(JsonFields& fields, GoldenPlan& golden) {
    Settings& settings = golden.settings;
    JsonErrors& errors = fields.errors();
    const auto layout = fields.need("kv_cache_layout");
    if (layout) settings.layout = static_cast<CacheLayout>(read_choice(*layout, cache_layout_names, errors));
    settings.async_scheduling = fields.boolean("async_scheduling");
    settings.v2_runner = fields.boolean("use_v2_model_runner");
    settings.model_type = fields.string("model_type");
    const auto method = fields.need("speculative_method");
    if (method && method->kind() != JsonKind::null) settings.drafting.method = read_string(*method, errors);
    settings.drafting.modules = fields.integer("num_nextn_predict_layers", from_zero);
    settings.drafting.keeps_last_block = fields.boolean("disable_eagle_block_drop");
    settings.prefix_match_unit = counted<Tokens>(fields.integer_or_null("prefix_match_unit", from_one));
    golden.in_flight_max = Tokens(fields.integer("max_in_flight_tokens"));
    golden.prefill_lookahead = Tokens(fields.integer("num_prefill_lookahead_tokens"));
}

void read_settings(JsonValue config, GoldenPlan& golden, JsonErrors& errors) {
    constexpr std::array<std::string_view, 3> mamba_modes{"none", "align", "all"};
    JsonFields fields(config, errors);
    Settings& settings = golden.settings;
    settings.model_len_max = Tokens(fields.integer("max_model_len", from_one));
    const bool fitted = fields.integer_or_null("original_max_model_len", {-1, -1}).has_value();
    settings.length = fitted ? LengthChoice::fitted_to_memory : LengthChoice::as_given;
    settings.batched_max = Tokens(fields.integer("max_num_batched_tokens", from_one));
    settings.sequences_max = fields.integer("max_num_seqs", from_one);
    settings.encoder_tokens_max = Tokens(fields.integer("max_num_encoder_input_tokens", from_zero));
    settings.block = TokensPerBlock(fields.integer("block_size", from_one));
    settings.parallel.tensor = fields.integer("tensor_parallel_size", from_one);
    settings.parallel.pipeline = fields.integer("pipeline_parallel_size", from_one);
    settings.parallel.decode_context = fields.integer("decode_context_parallel_size", from_one);
    settings.parallel.prefill_context = fields.integer("prefill_context_parallel_size", from_one);
    settings.blocks_override = counted<Blocks>(fields.integer_or_null("num_gpu_blocks_override", from_zero));
    settings.hybrid_manager = fields.boolean("disable_hybrid_kv_cache_manager") ? HybridManager::disabled : HybridManager::enabled;
    if (const auto mode = fields.need("mamba_cache_mode"))
        settings.mamba_mode = static_cast<MambaMode>(read_choice(*mode, mamba_modes, errors));
    settings.prefix_caching = fields.boolean("enable_prefix_caching");
    settings.drafting.tokens = fields.integer("num_speculative_tokens", from_zero);
    fields.integer("ranks_per_stage_listed", from_one);  // How the case was drawn: the workers say it themselves.
    settings.async_scheduling = false;                   // 0.18.0's planner does not ask.
    if (golden.shape == RecordShape::vllm_0_32) read_newer_settings(fields, golden);
    fields.finish();
}

// Equal specs get one id. Two may be told apart by the record only, where its table lists a spec twice.
void read_specs(JsonValue table, GoldenPlan& golden, JsonErrors& errors) {
    std::unordered_map<std::string, SpecId> ids;
    for (const JsonValue value : read_array(table, recorded_specs_max, errors)) {
        JsonFields fields(value, errors);
        KvSpec spec = read_spec(fields, golden.shape);
        const auto next = static_cast<SpecId>(golden.layers.specs.size());
        const auto [entry, added] = ids.try_emplace(spec_text(spec, golden.shape), next);
        if (added) golden.layers.specs.push_back(std::move(spec));
        RecordedLayerSpec recorded{.spec = entry->second, .page = read_recorded_page(fields), .request = Bytes{}};
        const auto request = fields.integer_or_null("max_memory_usage_bytes");
        if (request) recorded.request = Bytes(*request);
        else if (const auto error = fields.need("max_memory_usage_error")) recorded.request = read_recorded_error(*error, errors);
        golden.specs.push_back(std::move(recorded));
        fields.finish();
    }
}

std::optional<std::size_t> size_of(JsonValue array) { return array.kind() == JsonKind::array ? std::optional(array.size()) : std::nullopt; }

class WorkersReader {
public:
    WorkersReader(GoldenPlan& golden, JsonErrors& errors) : golden_(golden), errors_(errors) {}

    void read(JsonValue array) {
        const std::vector<JsonValue> values = read_array(array, workers_max, errors_);
        if (size_of(array) == 0) errors_.note_expected(array, "at least one worker");
        for (const JsonValue value : values) {
            JsonFields fields(value, errors_);
            std::vector<WorkerLayer> layers = worker(fields);
            fields.finish();
            layer_sum_ += layers.size();
            if (layer_sum_ > worker_layers_sum_max)
                return errors_.note(value, fmt::format("expected at most {} layers of all workers together", worker_layers_sum_max));
            golden_.layers.workers.push_back(std::move(layers));
        }
    }

    const LayerIds& ids() const { return ids_; }

private:
    std::vector<WorkerLayer> worker(JsonFields& fields) {
        const std::vector<std::vector<WorkerLayer>>& earlier = golden_.layers.workers;
        if (const auto same = fields.find("same_as")) {
            if (!earlier.empty()) return earlier[static_cast<std::size_t>(read_integer(*same, {0, std::ssize(earlier) - 1}, errors_))];
            errors_.note(*same, "expected the first worker itself: no worker is before it");
            return {};
        }
        std::vector<WorkerLayer> layers;
        for (const JsonValue value : fields.array("layers", worker_layers_max)) {
            JsonFields of_layer(value, errors_);
            const auto name = of_layer.need("name");
            const auto spec = of_layer.need("spec");
            if (name && spec) add_layer(*name, *spec, layers);
            of_layer.finish();
        }
        return layers;
    }

    void add_layer(JsonValue name, JsonValue spec, std::vector<WorkerLayer>& layers) {
        if (name.kind() != JsonKind::string) return errors_.note_expected(name, "a string");
        if (golden_.specs.empty()) return errors_.note_expected(spec, "a place in `specs`, which is empty");
        const std::int64_t place = read_integer(spec, {0, std::ssize(golden_.specs) - 1}, errors_);
        const auto [entry, added] = ids_.try_emplace(name.string(), static_cast<LayerId>(golden_.layers.names.size()));
        if (added) {
            golden_.layers.names.emplace_back(name.string());
            last_worker_.push_back(0);
        }
        const std::size_t this_worker = golden_.layers.workers.size() + 1;
        if (std::exchange(last_worker_[index(entry->second)], this_worker) == this_worker)
            errors_.note_expected(name, "each layer of a worker once");
        layers.push_back({.layer = entry->second, .spec = golden_.specs[static_cast<std::size_t>(place)].spec});
    }

    GoldenPlan& golden_;
    JsonErrors& errors_;
    LayerIds ids_;
    std::vector<std::size_t> last_worker_;  // By layer, from 1: the worker that named it last.
    std::size_t layer_sum_ = 0;
};

}  // namespace

bool is_golden_plan(JsonValue line) {
    constexpr std::array<std::string_view, 5> keys{"config", "available_memory", "specs", "workers", "expect"};
    return std::ranges::count_if(keys, [&](std::string_view key) { return line.member(key).has_value(); }) >= 2;
}

std::string golden_engine(JsonValue line) {
    const std::optional<JsonValue> engine = line.member("engine");
    return engine && engine->kind() == JsonKind::string ? std::string(engine->string()) : std::string();
}

std::variant<GoldenPlan, Diagnostics> read_golden_plan(const JsonDocument& line) {
    JsonErrors errors;
    GoldenPlan golden;
    JsonFields fields(line.root(), errors);
    golden.id = fields.string("id");
    golden.engine = fields.string("engine");
    golden.family = fields.string("family");
    golden.shape = shape_of(line.root());
    if (const auto config = fields.need("config")) read_settings(*config, golden, errors);
    const auto memory = fields.need("available_memory");
    if (memory)
        for (const JsonValue bytes : read_array(*memory, workers_max, errors))
            golden.memory.push_back(Bytes(read_integer(bytes, {-recorded_integer_max, recorded_integer_max}, errors)));
    if (const auto specs = fields.need("specs")) read_specs(*specs, golden, errors);
    WorkersReader workers(golden, errors);
    const auto all = fields.need("workers");
    if (all) workers.read(*all);
    const std::size_t worker_count = all ? size_of(*all).value_or(0) : 0;
    if (memory && size_of(*memory).value_or(worker_count) != worker_count)
        errors.note_expected(*memory, fmt::format("one figure for each of {} workers", worker_count));
    const RecordedCase recorded{.shape = golden.shape, .layers = workers.ids(), .worker_count = worker_count};
    if (const auto expect = fields.need("expect")) golden.expect = read_expect(*expect, recorded, errors);
    fields.finish();
    if (!errors.none()) return errors.take();
    return golden;
}

}  // namespace kv
