#include "scenarios/golden_expect.h"

#include <fmt/format.h>

#include <utility>

namespace kv {

namespace {

constexpr std::size_t list_max = worker_layers_sum_max;  // Of layers, tensors, groups: more than any case of bounded size has.

class ExpectReader {
public:
    ExpectReader(const RecordedCase& recorded, JsonErrors& errors) : recorded_(recorded), errors_(errors) {}

    std::variant<RecordedPlan, RecordedRefusal> outcome(JsonValue expect) {
        JsonFields fields(expect, errors_);
        const auto error = fields.find("error");
        if (!error) return plan(fields);
        RecordedRefusal refusal{.error = read_recorded_error(*error, errors_), .groups = {}};
        if (const auto made = fields.find("groups")) refusal.groups = groups(*made);
        fields.finish();
        return refusal;
    }

private:
    bool old() const { return recorded_.shape == RecordShape::vllm_0_18; }

    RecordedPlan plan(JsonFields& fields) {
        RecordedPlan plan;
        if (const auto made = fields.need("groups")) plan.groups = groups(*made);
        for (const JsonValue count : fields.array("padding_layers", list_max))
            plan.padding_layers.push_back(read_integer(count, {}, errors_));
        plan.model_len_max = Tokens(fields.integer("max_model_len"));
        if (const auto all = fields.need("workers")) read_workers(*all, plan);
        if (const auto view = fields.need("scheduler")) plan.scheduler = scheduler(*view);
        plan.capacity = capacity(fields);
        plan.side_buffer = side_buffer(fields);
        if (!old()) {
            if (const auto error = fields.find("capacity_error")) plan.capacity_error = read_recorded_error(*error, errors_);
            if (const auto error = fields.find("block_size_error")) plan.block_size_error = read_recorded_error(*error, errors_);
        }
        fields.finish();
        return plan;
    }

    std::vector<LayerId> layers(const std::vector<JsonValue>& names) {
        std::vector<LayerId> ids;
        ids.reserve(names.size());
        for (const JsonValue value : names) {
            const auto found = recorded_.layers.find(value.kind() == JsonKind::string ? value.string() : std::string_view());
            if (found == recorded_.layers.end()) errors_.note_expected(value, "the name of a layer that a worker holds");
            else ids.push_back(found->second);
        }
        return ids;
    }

    std::vector<RecordedGroup> groups(JsonValue array) {
        std::vector<RecordedGroup> all;
        for (const JsonValue value : read_array(array, list_max, errors_)) {
            JsonFields fields(value, errors_);
            RecordedGroup group;
            group.layers = layers(fields.array("layers", list_max));
            if (const auto spec = fields.need("spec")) group.spec = group_spec(*spec);
            if (!old()) group.draft = fields.boolean("is_eagle_group");
            fields.finish();
            all.push_back(std::move(group));
        }
        return all;
    }

    std::variant<RecordedSpec, RecordedBundle> group_spec(JsonValue value) {
        const auto kind = value.member("kind");
        const bool uniform = kind && kind->kind() == JsonKind::string && kind->string() == "uniform";
        if (uniform) return bundle(value);
        return spec(value);
    }

    RecordedSpec spec(JsonValue value) {
        JsonFields fields(value, errors_);
        RecordedSpec spec{.spec = read_spec(fields, recorded_.shape), .page = read_recorded_page(fields)};
        fields.finish();
        return spec;
    }

    RecordedBundle bundle(JsonValue value) {
        JsonFields fields(value, errors_);
        RecordedBundle bundle;
        fields.need("kind");
        bundle.block = TokensPerBlock(fields.integer("block_size", from_one));
        if (!old()) bundle.sharding = fields.boolean("dcp_sharded") ? ContextSharding::sharded : ContextSharding::replicated;
        for (const JsonValue part : fields.array("layer_specs", list_max)) {
            JsonFields part_fields(part, errors_);
            bundle.parts.emplace_back();
            bundle.parts.back().layers = layers(part_fields.array("layers", list_max));
            if (const auto of_part = part_fields.need("spec")) bundle.parts.back().spec = spec(*of_part);
            part_fields.finish();
        }
        bundle.page = read_recorded_page(fields);
        fields.finish();
        return bundle;
    }

    // A worker may stand for an earlier one, and that for one before it.
    void read_workers(JsonValue array, RecordedPlan& plan) {
        for (const JsonValue value : read_array(array, workers_max, errors_)) {
            JsonFields fields(value, errors_);
            const std::size_t place = plan.worker_of.size();
            if (const auto same = fields.find("same_as")) {
                if (place == 0) {
                    errors_.note(*same, "expected the first worker itself: no worker is before it");
                    return;
                }
                const std::int64_t earlier = read_integer(*same, {0, static_cast<std::int64_t>(place) - 1}, errors_);
                plan.worker_of.push_back(plan.worker_of[static_cast<std::size_t>(earlier)]);
            } else {
                plan.worker_of.push_back(plan.workers.size());
                plan.workers.push_back(worker(fields));
            }
            fields.finish();
        }
        if (array.kind() == JsonKind::array && plan.worker_of.size() != recorded_.worker_count)
            errors_.note_expected(array, fmt::format("one entry for each of {} workers", recorded_.worker_count));
    }

    RecordedWorker worker(JsonFields& fields) {
        RecordedWorker worker;
        worker.blocks = Blocks(fields.integer("num_blocks"));
        for (const JsonValue value : fields.array("tensors", list_max)) worker.tensors.push_back(tensor(value));
        if (recorded_.worker_count > 1) {
            worker.group_layers.emplace();
            for (const JsonValue of_group : fields.array("group_layers", list_max))
                worker.group_layers->push_back(layers(read_array(of_group, list_max, errors_)));
        }
        if (!old()) {
            worker.tp_replicas = fields.integer("kv_tp_replicas");
        } else {
            worker.capacity = capacity(fields);
            worker.side_buffer = side_buffer(fields);
        }
        return worker;
    }

    Tensor tensor(JsonValue value) {
        JsonFields fields(value, errors_);
        Tensor tensor;
        tensor.size = Bytes(fields.integer("size"));
        tensor.layers = layers(fields.array(old() ? "shared_by" : "layers", list_max));
        if (!old()) {
            tensor.layer_stride = Bytes(fields.integer("layer_stride"));
            tensor.block_stride = Bytes(fields.integer("block_stride"));
            tensor.offset = Bytes(fields.integer("offset"));
        }
        fields.finish();
        return tensor;
    }

    std::optional<Capacity> capacity(JsonFields& fields) {
        const auto reported = fields.find("reported_tokens");
        const auto concurrency = fields.find("max_concurrency");
        if (!reported && !concurrency) return std::nullopt;
        Capacity capacity;
        if (const auto value = fields.need("reported_tokens")) capacity.reported = Tokens(read_integer(*value, {}, errors_));
        if (const auto value = fields.need("max_concurrency")) capacity.concurrency = read_number(*value, errors_);
        return capacity;
    }

    std::optional<SideBuffer> side_buffer(JsonFields& fields) {
        const auto value = fields.find("routed_experts");
        if (!value) return std::nullopt;
        JsonFields of_buffer(*value, errors_);
        SideBuffer buffer;
        buffer.rows = Rows(of_buffer.integer("rows"));
        if (old()) buffer.capture_group = static_cast<std::size_t>(of_buffer.integer("attention_group", from_zero));
        else buffer.rows_per_object = Rows(of_buffer.integer("rows_per_object"));
        of_buffer.finish();
        return buffer;
    }

    RecordedScheduler scheduler(JsonValue value) {
        JsonFields fields(value, errors_);
        RecordedScheduler view;
        view.blocks = Blocks(fields.integer("num_blocks"));
        for (const JsonValue group : fields.array("groups", list_max)) {
            JsonFields of_group(group, errors_);
            std::string kind = of_group.string("kind");
            view.groups.push_back({.kind = std::move(kind), .block = TokensPerBlock(of_group.integer("block_size", from_one))});
            of_group.finish();
        }
        view.block = tokens(fields, "block_size");
        if (old()) {
            if (const auto group = fields.find("routed_experts_attention_group"))
                view.capture_group = static_cast<std::size_t>(read_integer(*group, from_zero, errors_));
        } else {
            view.scheduler_block = tokens(fields, "scheduler_block_size");
            view.hash_block = tokens(fields, "hash_block_size");
            view.hit_alignment = tokens(fields, "cache_hit_alignment_tokens");
        }
        fields.finish();
        return view;
    }

    std::optional<Tokens> tokens(JsonFields& fields, std::string_view key) {
        const auto value = fields.find(key);
        if (!value) return std::nullopt;
        return Tokens(read_integer(*value, {}, errors_));
    }

    const RecordedCase& recorded_;
    JsonErrors& errors_;
};

AdmissionFigures read_check(JsonValue value, JsonErrors& errors) {
    JsonFields fields(value, errors);
    AdmissionFigures figures;
    figures.worker = fields.integer("worker");
    figures.checked = Bytes(fields.integer("check_bytes"));
    if (const auto needed = fields.find("needed_bytes")) figures.needed = Bytes(read_integer(*needed, {}, errors));
    if (const auto length = fields.find("estimated_max_len")) figures.estimated_len_max = Tokens(read_integer(*length, {}, errors));
    fields.finish();
    return figures;
}

}  // namespace

std::variant<RecordedPlan, RecordedRefusal> read_expect(JsonValue expect, const RecordedCase& recorded, JsonErrors& errors) {
    return ExpectReader(recorded, errors).outcome(expect);
}

RecordedError read_recorded_error(JsonValue value, JsonErrors& errors) {
    JsonFields fields(value, errors);
    RecordedError error;
    error.type = fields.string("type");
    error.message = fields.string("message");
    error.raised_in = fields.string("raised_in");
    if (const auto check = fields.find("check")) error.check = read_check(*check, errors);
    fields.finish();
    return error;
}

RecordedPage read_recorded_page(JsonFields& fields) {
    const std::optional<std::int64_t> bytes = fields.integer_or_null("page_size_bytes");
    if (bytes) return Bytes(*bytes);
    return fields.string("page_size_error");
}

}  // namespace kv
