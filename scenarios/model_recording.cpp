#include "scenarios/model_recording.h"

#include "scenarios/json_fields.h"
#include "scenarios/spec_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace kv {

namespace {

constexpr IntegerRange ranks{1, 1024};
constexpr std::size_t arguments_max = 64;
constexpr std::size_t groups_max = 1024;

RecordShape shape_of_engine(std::string_view engine) {
    return engine.starts_with("vllm-0.18.") ? RecordShape::vllm_0_18 : RecordShape::vllm_0_32;
}

// The architecture DeepseekV4ForCausalLM is of the model type deepseek_v4, as transformers derives file names from class names.
std::string model_type_of(std::string_view architecture) {
    const std::string_view name = architecture.substr(0, architecture.find("For"));
    const auto upper = [](char c) { return 'A' <= c && c <= 'Z'; };
    std::string type;
    for (const char c : name) {
        if (upper(c) && !type.empty()) type += '_';
        type += upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return type;
}

std::vector<RecordedArgument> read_arguments(JsonValue args, JsonErrors& errors) {
    std::vector<RecordedArgument> out;
    if (args.kind() != JsonKind::object) {
        errors.note_expected(args, "an object");
        return out;
    }
    if (args.size() > arguments_max) errors.note_expected(args, fmt::format("at most {} arguments", arguments_max));
    for (const JsonMember& member : args.members())
        if (member.key.string() != "max_model_len") out.push_back({std::string(member.key.string()), std::string(member.value.spelling())});
    std::ranges::sort(out, {}, &RecordedArgument::name);
    return out;
}

std::int64_t optional_integer(JsonFields& fields, std::string_view key, IntegerRange range, std::int64_t otherwise) {
    const auto value = fields.find(key);
    return value ? read_integer(*value, range, fields.errors()) : otherwise;
}

std::optional<Tokens> optional_tokens(JsonFields& fields, std::string_view key) {
    const auto value = fields.find(key);
    if (!value || value->kind() == JsonKind::null) return std::nullopt;
    return Tokens{read_integer(*value, from_zero, fields.errors())};
}

// What the user asked for, and ...
void read_asked(JsonValue args, Settings& settings, JsonErrors& errors) {
    JsonFields fields(args, errors);
    settings.parallel.tensor = optional_integer(fields, "tp", ranks, 1);
    settings.parallel.pipeline = optional_integer(fields, "pp", ranks, 1);
    settings.parallel.decode_context = optional_integer(fields, "dcp", ranks, 1);
    const bool fitted = optional_integer(fields, "max_model_len", {-1, recorded_integer_max}, 0) == -1;
    settings.length = fitted ? LengthChoice::fitted_to_memory : LengthChoice::as_given;
    const auto drafts = fields.find("speculative_config");
    if (!drafts) return;
    JsonFields of_drafts(*drafts, errors);
    settings.drafting.method = of_drafts.string("method");
    settings.drafting.tokens = of_drafts.integer("num_speculative_tokens", from_zero);
}

// ... what the engine made of it.
void read_resolved(JsonValue resolved, ModelRecording& out, JsonErrors& errors) {
    constexpr std::array<std::string_view, 3> mamba_modes{"none", "align", "all"};
    JsonFields fields(resolved, errors);
    Settings& settings = out.model.settings;
    settings.model_len_max = Tokens{fields.integer("max_model_len", from_one)};
    settings.batched_max = Tokens{fields.integer("max_num_batched_tokens", from_one)};
    settings.sequences_max = fields.integer("max_num_seqs", from_one);
    settings.encoder_tokens_max = Tokens{fields.integer("max_num_encoder_input_tokens", from_zero)};
    settings.block = TokensPerBlock{fields.integer("block_size", from_one)};
    settings.prefix_caching = fields.boolean("enable_prefix_caching");
    settings.hybrid_manager = fields.boolean("disable_hybrid_kv_cache_manager") ? HybridManager::disabled : HybridManager::enabled;
    if (const auto mode = fields.need("mamba_cache_mode"))
        settings.mamba_mode = static_cast<MambaMode>(read_choice(*mode, mamba_modes, errors));
    settings.async_scheduling = fields.boolean("async_scheduling");
    if (out.shape == RecordShape::vllm_0_18) {
        settings.async_scheduling = false;  // 0.18.0's planner does not ask.
        return;
    }
    const auto layout = fields.need("kv_cache_layout");
    if (layout) settings.layout = static_cast<CacheLayout>(read_choice(*layout, cache_layout_names, errors));
    settings.v2_runner = fields.boolean("use_v2_model_runner");
    out.in_flight_max = optional_tokens(fields, "max_in_flight_tokens");
    out.prefill_lookahead = optional_tokens(fields, "num_prefill_lookahead_tokens");
}

class LayersReader {
public:
    LayersReader(ModelRecording& out, JsonErrors& errors) : out_(out), errors_(errors) {}

    void read(JsonValue table, JsonValue layers) {
        specs_ = read_array(table, recorded_specs_max, errors_);
        spec_ids_.resize(specs_.size());
        const std::vector<JsonValue> values = read_array(layers, worker_layers_max, errors_);
        out_.model.layers.workers.resize(static_cast<std::size_t>(out_.model.settings.parallel.pipeline));
        places_.resize(values.size());
        std::int64_t last_rank = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            JsonFields fields(values[i], errors_);
            const std::int64_t most = out_.model.settings.parallel.pipeline - 1;
            const std::int64_t rank = optional_integer(fields, "rank", {0, most}, 0);
            if (rank < last_rank) errors_.note(values[i], "expected layers in the order of their ranks");
            last_rank = std::max(last_rank, rank);
            const auto name = fields.need("name");
            const auto spec = fields.need("spec");
            if (name && spec) add(i, *name, *spec, static_cast<std::size_t>(rank));
            fields.finish();
        }
    }

    // A list of places in `layers`.
    std::vector<LayerId> layers_at(JsonValue list) {
        std::vector<LayerId> out;
        if (places_.empty()) {
            if (list.kind() != JsonKind::array || list.size() != 0) errors_.note_expected(list, "an empty list: the model has no layer");
            return out;
        }
        for (const JsonValue place : read_array(list, worker_layers_max, errors_))
            out.push_back(places_[static_cast<std::size_t>(read_integer(place, {0, std::ssize(places_) - 1}, errors_))]);
        return out;
    }

private:
    void add(std::size_t place, JsonValue name, JsonValue spec, std::size_t rank) {
        if (specs_.empty()) return errors_.note_expected(spec, "a place in `specs`, which is empty");
        const auto at = static_cast<std::size_t>(read_integer(spec, {0, std::ssize(specs_) - 1}, errors_));
        ModelLayers& layers = out_.model.layers;
        const auto [entry, added] = names_.try_emplace(read_string(name, errors_), static_cast<LayerId>(layers.names.size()));
        if (!added) return errors_.note_expected(name, "each layer once");
        layers.names.push_back(entry->first);
        layers.workers[rank].push_back({.layer = entry->second, .spec = id_of(at)});
        places_[place] = entry->second;
    }

    // Specs are read where a layer has them: the table also lists those that groups have. Equal ones get one id.
    SpecId id_of(std::size_t at) {
        if (spec_ids_[at]) return *spec_ids_[at];
        JsonFields fields(specs_[at], errors_);
        KvSpec spec = read_class_spec(fields, out_.shape);
        for (const std::string_view said : {"page_size_bytes", "real_page_size_bytes", "unpadded_page_size_bytes"}) fields.find(said);
        fields.finish();
        std::vector<KvSpec>& known = out_.model.layers.specs;
        const auto same = std::ranges::find(known, spec);
        spec_ids_[at] = static_cast<SpecId>(same - known.begin());
        if (same == known.end()) known.push_back(std::move(spec));
        return *spec_ids_[at];
    }

    ModelRecording& out_;
    JsonErrors& errors_;
    std::vector<JsonValue> specs_;
    std::vector<std::optional<SpecId>> spec_ids_;
    std::unordered_map<std::string, LayerId> names_;
    std::vector<LayerId> places_;
};

RecordedGroups read_groups(JsonValue list, LayersReader& layers, JsonErrors& errors) {
    RecordedGroups out;
    for (const JsonValue value : read_array(list, groups_max, errors)) {
        JsonFields fields(value, errors);
        if (const auto places = fields.need("layers")) out.layers.push_back(layers.layers_at(*places));
    }
    return out;
}

std::variant<RecordedModelPlan, RecordedError> read_outcome(JsonFields& fields, std::size_t workers, LayersReader& layers) {
    JsonErrors& errors = fields.errors();
    if (const auto error = fields.find("error")) {
        JsonFields of_error(*error, errors);
        return RecordedError{of_error.string("type"), of_error.string("message"), of_error.string("where"), {}};
    }
    RecordedModelPlan plan;
    plan.model_len_max = Tokens{fields.integer("max_model_len_after", from_one)};
    if (const auto several = fields.find("worker_groups")) {
        for (const JsonValue groups : read_array(*several, workers_max, errors))
            plan.workers.push_back(read_groups(groups, layers, errors));
    } else if (const auto groups = fields.need("groups")) {
        plan.workers.push_back(read_groups(*groups, layers, errors));
    }
    const auto blocks = fields.need("num_blocks");
    const auto listed = blocks && blocks->kind() == JsonKind::array ? read_array(*blocks, workers_max, errors) : std::vector<JsonValue>{};
    for (const JsonValue value : listed) plan.blocks.push_back(Blocks{read_integer(value, from_zero, errors)});
    if (blocks && listed.empty()) plan.blocks.push_back(Blocks{read_integer(*blocks, from_zero, errors)});
    if (plan.blocks.size() != workers || plan.workers.size() != workers)
        errors.note(fields.object(), fmt::format("expected num_blocks and groups of {} workers", workers));
    if (plan.workers.empty() || plan.workers.front().layers.empty()) return plan;
    for (const JsonValue value : fields.array("group_block_sizes", groups_max))
        plan.group_blocks.push_back(TokensPerBlock{read_integer(value, from_one, errors)});
    const Tokens reported{fields.integer("reported_tokens", from_zero)};
    const auto concurrency = fields.need("max_concurrency");
    if (concurrency) plan.capacity = Capacity{.reported = reported, .concurrency = read_number(*concurrency, errors)};
    plan.block = optional_tokens(fields, "block_size_after");
    plan.scheduler_block = optional_tokens(fields, "scheduler_block_size");
    plan.hash_block = optional_tokens(fields, "hash_block_size");
    return plan;
}

std::size_t keys_of(JsonValue line, std::span<const std::string_view> keys) {
    return static_cast<std::size_t>(std::ranges::count_if(keys, [&](std::string_view key) { return line.member(key).has_value(); }));
}

}  // namespace

bool is_model_recording(JsonValue line) {
    constexpr std::array<std::string_view, 4> keys{"model", "args", "resolved", "available_memory"};
    return keys_of(line, keys) >= 3;
}

bool is_refused_model(JsonValue line) {
    constexpr std::array<std::string_view, 4> keys{"model", "engine", "args", "reason"};
    return keys_of(line, keys) == keys.size();
}

std::variant<ModelRecording, Diagnostics> read_model_recording(const JsonDocument& line) {
    JsonErrors errors;
    ModelRecording out;
    JsonFields fields(line.root(), errors);
    out.line = line.source().first_line;
    out.model.name = fields.string("model");
    out.engine = fields.string("engine");
    out.model.engine = out.engine;
    out.shape = shape_of_engine(out.engine);
    out.model.settings.model_type = model_type_of(fields.string("architecture"));
    const auto args = fields.need("args");
    if (args) {
        out.arguments = read_arguments(*args, errors);
        read_asked(*args, out.model.settings, errors);
    }
    if (const auto resolved = fields.need("resolved")) read_resolved(*resolved, out, errors);
    const auto workers = static_cast<std::size_t>(out.model.settings.parallel.pipeline);
    out.model.memory.assign(workers, Bytes{fields.integer("available_memory", from_zero)});
    LayersReader layers(out, errors);
    const auto specs = fields.need("specs");
    const auto list = fields.need("layers");
    if (specs && list) layers.read(*specs, *list);
    out.expect = read_outcome(fields, workers, layers);
    if (!errors.none()) return errors.take();
    const SourceSpan here{.file = line.source().file, .line = out.line};
    out.model.model_place = {.where = here, .message = {}, .line_text = {}};
    out.model.spec_places.assign(out.model.layers.specs.size(), out.model.model_place);
    return out;
}

std::variant<RefusedModel, Diagnostics> read_refused_model(const JsonDocument& line) {
    JsonErrors errors;
    JsonFields fields(line.root(), errors);
    RefusedModel out{
        .model = fields.string("model"), .engine = fields.string("engine"), .reason = fields.string("reason"), .arguments = {}};
    const auto args = fields.need("args");
    const bool any = args && args->kind() == JsonKind::string && args->string() == "any";
    if (args && !any) out.arguments = read_arguments(*args, errors);
    if (!errors.none()) return errors.take();
    return out;
}

}  // namespace kv
