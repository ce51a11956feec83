#include "scenarios/recorded_model_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kv {
namespace {

constexpr std::size_t groups_max = 1024;
constexpr std::size_t tensors_max = 1 << 16;

std::optional<Tokens> optional_tokens(JsonFields& fields, std::string_view key) {
    const auto value = fields.find(key);
    if (!value || value->kind() == JsonKind::null) return std::nullopt;
    return Tokens{read_integer(*value, from_zero, fields.errors())};
}

std::size_t rank_of(JsonFields& fields, std::size_t workers) {
    const auto rank = fields.find("rank");
    if (!rank) return 0;
    return static_cast<std::size_t>(read_integer(*rank, {0, static_cast<std::int64_t>(workers) - 1}, fields.errors()));
}

RecordedModelGroup read_group(JsonValue value, RecordedLayers& layers, JsonErrors& errors) {
    JsonFields fields(value, errors);
    RecordedModelGroup group;
    if (const auto places = fields.need("layers")) group.layers = layers.layers_at(*places);
    if (const auto spec = fields.need("spec"); spec && !layers.is_bundle(*spec)) group.spec = layers.spec_at(*spec);
    if (const auto list = fields.find("layer_specs")) {
        for (const JsonValue place : read_array(*list, worker_layers_max, errors))
            if (auto spec = layers.spec_at(place)) group.layer_specs.push_back(*std::move(spec));
        if (group.layer_specs.size() != group.layers.size()) errors.note(*list, "expected one spec for each layer of the group");
    }
    if (const auto draft = fields.find("is_eagle_group")) group.draft = read_boolean(*draft, errors);
    return group;
}

std::vector<RecordedModelGroup> read_groups(JsonValue list, RecordedLayers& layers, JsonErrors& errors) {
    std::vector<RecordedModelGroup> groups;
    for (const JsonValue value : read_array(list, groups_max, errors)) groups.push_back(read_group(value, layers, errors));
    return groups;
}

void read_tensors(JsonValue list, std::vector<RecordedModelWorker>& workers, RecordedLayers& layers, JsonErrors& errors) {
    for (const JsonValue value : read_array(list, tensors_max, errors)) {
        JsonFields fields(value, errors);
        Tensor tensor{.size = Bytes{fields.integer("size", from_zero)}};
        auto places = fields.find("shared_by");
        if (!places) places = fields.need("layers");
        if (places) tensor.layers = layers.layers_at(*places);
        const auto bytes = [&](std::string_view key) { return fields.find(key) ? Bytes{fields.integer(key, from_zero)} : Bytes{}; };
        tensor.layer_stride = bytes("layer_stride");
        tensor.block_stride = bytes("block_stride");
        tensor.offset = bytes("offset");
        const std::size_t rank = rank_of(fields, workers.size());
        if (rank < workers.size()) workers[rank].tensors.push_back(std::move(tensor));
    }
}

void read_workers(JsonFields& fields, std::size_t workers, RecordedModelPlan& plan, RecordedLayers& layers) {
    JsonErrors& errors = fields.errors();
    std::vector<std::vector<RecordedModelGroup>> groups;
    if (const auto several = fields.find("worker_groups"))
        for (const JsonValue list : read_array(*several, workers_max, errors)) groups.push_back(read_groups(list, layers, errors));
    if (const auto list = fields.need("groups")) plan.groups = read_groups(*list, layers, errors);
    for (RecordedModelGroup& group : plan.groups) group.draft = group.draft.value_or(false);
    if (groups.empty()) groups.push_back(plan.groups);
    const auto blocks = fields.need("num_blocks");
    std::vector<Blocks> counts;
    if (blocks && blocks->kind() == JsonKind::array)
        for (const JsonValue value : read_array(*blocks, workers_max, errors))
            counts.push_back(Blocks{read_integer(value, from_zero, errors)});
    else if (blocks) counts.push_back(Blocks{read_integer(*blocks, from_zero, errors)});
    if (counts.size() != workers || groups.size() != workers)
        return errors.note(fields.object(), fmt::format("expected num_blocks and groups of {} workers", workers));
    for (std::size_t i = 0; i < workers; ++i) plan.workers.push_back({.blocks = counts[i], .groups = std::move(groups[i]), .tensors = {}});
    if (const auto tensors = fields.need("tensors")) read_tensors(*tensors, plan.workers, layers, errors);
}

}  // namespace

void RecordedLayers::read(JsonValue table, JsonValue layers) {
    table_ = read_array(table, recorded_specs_max, errors_);
    specs_.resize(table_.size());
    const std::vector<JsonValue> values = read_array(layers, worker_layers_max, errors_);
    model_.layers.workers.resize(static_cast<std::size_t>(model_.settings.parallel.pipeline));
    places_.resize(values.size());
    std::size_t last_rank = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        JsonFields fields(values[i], errors_);
        const std::size_t rank = rank_of(fields, model_.layers.workers.size());
        if (rank < last_rank) errors_.note(values[i], "expected layers in the order of their ranks");
        last_rank = std::max(last_rank, rank);
        const auto name = fields.need("name");
        const auto spec = fields.need("spec");
        if (name && spec) add(i, *name, *spec, rank);
        fields.finish();
    }
}

std::vector<LayerId> RecordedLayers::layers_at(JsonValue places) const {
    std::vector<LayerId> out;
    if (places_.empty()) {
        if (places.kind() != JsonKind::array || places.size() != 0) errors_.note_expected(places, "an empty list: the model has no layer");
        return out;
    }
    for (const JsonValue place : read_array(places, worker_layers_max, errors_))
        out.push_back(places_[static_cast<std::size_t>(read_integer(place, {0, std::ssize(places_) - 1}, errors_))]);
    return out;
}

void RecordedLayers::add(std::size_t place, JsonValue name, JsonValue spec, std::size_t rank) {
    const auto recorded = spec_at(spec);
    if (!recorded) return;
    ModelLayers& layers = model_.layers;
    const auto [entry, added] = names_.try_emplace(read_string(name, errors_), static_cast<LayerId>(layers.names.size()));
    if (!added) return errors_.note_expected(name, "each layer once");
    layers.names.push_back(entry->first);
    layers.workers[rank].push_back({.layer = entry->second, .spec = id_of(recorded->spec)});
    places_[place] = entry->second;
}

std::optional<std::size_t> RecordedLayers::place_of(JsonValue place) const {
    if (table_.empty()) {
        errors_.note_expected(place, "a place in `specs`, which is empty");
        return std::nullopt;
    }
    return static_cast<std::size_t>(read_integer(place, {0, std::ssize(table_) - 1}, errors_));
}

bool RecordedLayers::is_bundle(JsonValue place) const {
    const auto at = place_of(place);
    const auto kind = at ? table_[*at].member("kind") : std::nullopt;
    return kind && kind->kind() == JsonKind::string && kind->string() == "UniformTypeKVCacheSpecs";
}

std::optional<RecordedSpec> RecordedLayers::spec_at(JsonValue place) {
    const auto at = place_of(place);
    if (!at) return std::nullopt;
    if (!specs_[*at]) {
        JsonFields fields(table_[*at], errors_);
        KvSpec spec = read_class_spec(fields, shape_);
        const Bytes page{fields.integer("page_size_bytes", from_zero)};
        for (const std::string_view said : {"real_page_size_bytes", "unpadded_page_size_bytes", "storage_block_size"}) fields.find(said);
        fields.finish();
        specs_[*at] = RecordedSpec{.spec = std::move(spec), .page = page};
    }
    return specs_[*at];
}

// Equal specs have one id.
SpecId RecordedLayers::id_of(const KvSpec& spec) {
    std::vector<KvSpec>& known = model_.layers.specs;
    const auto same = std::ranges::find(known, spec);
    const auto id = static_cast<SpecId>(same - known.begin());
    if (same == known.end()) known.push_back(spec);
    return id;
}

std::variant<RecordedModelPlan, RecordedError> read_model_outcome(JsonFields& fields, std::size_t workers, RecordedLayers& layers) {
    JsonErrors& errors = fields.errors();
    if (const auto error = fields.find("error")) {
        JsonFields of_error(*error, errors);
        return RecordedError{of_error.string("type"), of_error.string("message"), of_error.string("where"), {}};
    }
    RecordedModelPlan plan;
    plan.model_len_max = Tokens{fields.integer("max_model_len_after", from_one)};
    read_workers(fields, workers, plan, layers);
    if (plan.groups.empty()) return plan;
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

}  // namespace kv
