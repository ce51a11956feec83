#include "scenarios/golden_trace.h"

#include "scenarios/recorded_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

namespace kv {

namespace {

RecordShape shape_of(const std::string& engine, JsonValue header) {
    if (engine.starts_with("vllm-0.18.")) return RecordShape::vllm_0_18;
    if (engine.starts_with("vllm-0.32.")) return RecordShape::vllm_0_32;
    const std::optional<JsonValue> setup = header.member("setup");
    return setup && setup->member("scheduler_block_size") ? RecordShape::vllm_0_32 : RecordShape::vllm_0_18;
}

// What 0.18.0 does not have, as an engine would derive it that does.
void derive_newer(CacheSetup& setup) {
    setup.in_flight_max = setup.model_len_max;
    setup.prefill_lookahead = setup.eagle ? 1 : 0;
    std::int64_t multiple = 1;
    for (const CacheGroup& group : setup.groups) {
        const std::int64_t block = block_of(group.spec).value;
        const std::int64_t factor = block / std::gcd(multiple, block);
        std::int64_t product = 0;
        if (__builtin_mul_overflow(multiple, factor, &product)) return;
        multiple = product;
    }
    std::int64_t context = 0, product = 0;
    if (__builtin_mul_overflow(setup.decode_context, setup.prefill_context, &context)) return;
    if (!__builtin_mul_overflow(multiple, context, &product)) setup.scheduler_block = TokensPerBlock(product);
}

void read_newer(JsonFields& fields, CacheSetup& setup) {
    JsonErrors& errors = fields.errors();
    setup.scheduler_block = TokensPerBlock(fields.integer("scheduler_block_size", from_one));
    setup.in_flight_max = Tokens(fields.integer("max_in_flight_tokens", from_zero));
    setup.prefill_lookahead = fields.integer("num_prefill_lookahead", from_zero);
    if (const auto watermark = fields.need("watermark")) {
        setup.watermark = read_number(*watermark, errors);
        if (!(0 <= setup.watermark && setup.watermark <= 1)) errors.note_expected(*watermark, "a share from 0 to 1");
    }
    setup.shared_prefix_checkpoint = fields.boolean("mamba_shared_prefix_checkpoint");
    const IntegerRange any{-recorded_integer_max, recorded_integer_max};  // A negative one is the engine's to refuse.
    if (const auto interval = fields.integer_or_null("retention_interval", any)) setup.retention_interval = Tokens(*interval);
}

// Answers with the first kind that is not known.
std::optional<UnknownInTrace> read_setup(JsonValue value, RecordShape shape, CacheSetup& setup, JsonErrors& errors) {
    JsonFields fields(value, errors);
    std::optional<UnknownInTrace> unknown;
    for (const JsonValue group : fields.array("groups", trace_groups_max)) {
        std::optional<CacheGroup> read = read_recorded_group(group, shape, errors);
        if (read) setup.groups.push_back(std::move(*read));
        else if (!unknown) unknown = UnknownInTrace{fmt::format("the kind \"{}\"", group.member("kind")->string())};
    }
    setup.blocks = Blocks(fields.integer("num_blocks", {1, trace_blocks_max}));
    setup.prefix_caching = fields.boolean("enable_caching");
    setup.model_len_max = Tokens(fields.integer("max_model_len", from_one));
    setup.hash_block = TokensPerBlock(fields.integer("hash_block_size", from_one));
    setup.eagle = fields.boolean("use_eagle");
    setup.decode_context = fields.integer("dcp", from_one);
    setup.prefill_context = fields.integer("pcp", from_one);
    if (shape == RecordShape::vllm_0_32) read_newer(fields, setup);
    else derive_newer(setup);
    fields.finish();
    return unknown;
}

// Calls can be replayed without it, so other settings beside these are let pass.
RecordedDriver read_driver(JsonValue value, JsonErrors& errors) {
    constexpr IntegerRange figure{0, trace_tokens_max};
    JsonFields fields(value, errors);
    return {.method = fields.string("method"),
            .drafts = fields.integer("spec_tokens", figure),
            .lookahead = fields.integer("lookahead", figure),
            .asynchronous = fields.boolean("is_async"),
            .batched_max = fields.integer("max_batched_tokens", {1, trace_tokens_max}),
            .running_max = fields.integer("max_seqs", {1, trace_tokens_max}),
            .chunk_max = fields.integer("long_prefill_threshold", figure),
            .whole_request_must_fit = fields.boolean("reserve_full"),
            .state_block = fields.integer("mamba_block", figure)};
}

}  // namespace

std::optional<TraceLine> trace_line(JsonValue line) {
    const auto has = [&](std::string_view key) { return line.member(key).has_value(); };
    if (has("trace") && (has("setup") || has("coordinator"))) return TraceLine::header;
    if (has("op")) return TraceLine::operation;
    if (has("end") && (has("ops") || has("stats"))) return TraceLine::end;
    return std::nullopt;
}

std::string trace_engine(JsonValue header) {
    const std::optional<JsonValue> engine = header.member("engine");
    if (!engine || engine->kind() != JsonKind::string) return {};
    const std::string name(engine->string());
    const bool bare = !name.empty() && '0' <= name.front() && name.front() <= '9';
    return bare ? "vllm-" + name : name;
}

std::variant<GoldenTrace, UnknownInTrace, Diagnostics> read_trace_header(const JsonDocument& line) {
    JsonErrors errors;
    GoldenTrace trace;
    JsonFields fields(line.root(), errors);
    trace.name = fields.string("trace");
    fields.string("engine");
    trace.engine = trace_engine(line.root());
    trace.family = fields.string("family");
    trace.shape = shape_of(trace.engine, line.root());
    if (const auto driver = fields.find("driver")) trace.driver = read_driver(*driver, errors);
    std::optional<UnknownInTrace> unknown;
    if (const auto setup = fields.need("setup")) unknown = read_setup(*setup, trace.shape, trace.setup, errors);
    if (const auto answer = fields.find("res")) {
        JsonFields raised(*answer, errors);
        trace.raised = raised.string("err");
        raised.finish();
    } else {
        trace.coordinator = fields.string("coordinator");
    }
    fields.finish();
    if (!errors.none()) return errors.take();
    if (unknown) return *unknown;
    return trace;
}

TraceReader::TraceReader(const GoldenTrace& trace)
    : name_(trace.name), shape_(trace.shape), blocks_(trace.setup.blocks.value), raised_(trace.raised.has_value()) {
    for (const CacheGroup& group : trace.setup.groups) group_blocks_.push_back(block_of(group.spec).value);
}

Diagnostics TraceReader::end(const JsonDocument& line) {
    JsonErrors errors;
    JsonFields fields(line.root(), errors);
    if (const auto name = fields.need("end"))
        if (read_string(*name, errors) != name_) errors.note_expected(*name, fmt::format("\"{}\", the trace that is open", name_));
    if (const auto count = fields.need("ops")) {
        // The recorder did not count the operation that raised.
        const std::size_t counted = operations_ - (raised_ && operations_ > 0 ? 1 : 0);
        if (count->kind() != JsonKind::integer || count->integer() != static_cast<std::int64_t>(counted))
            errors.note_expected(*count, fmt::format("{}, the operations of this trace that have an answer", counted));
    }
    if (const auto stats = fields.need("stats")) JsonFields(*stats, errors);  // For information; any names.
    fields.finish();
    return errors.take();
}

}  // namespace kv
