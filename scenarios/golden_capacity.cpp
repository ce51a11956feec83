#include "scenarios/golden_capacity.h"

#include "scenarios/json_fields.h"
#include "scenarios/recorded_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

namespace kv {

namespace {

constexpr IntegerRange lengths{1, recorded_length_max};

// Where a record does not say them: over the groups of attention, as it was filled.
struct BlockSizes {
    std::int64_t multiple = 1, divisor = 0;
    bool past_int64 = false;

    explicit BlockSizes(const std::vector<CacheGroup>& groups) {
        for (const CacheGroup& group : groups) {
            if (std::holds_alternative<MambaSpec>(group.spec)) continue;
            const std::int64_t block = block_of(group.spec).value;
            divisor = std::gcd(divisor, block);
            past_int64 |= __builtin_mul_overflow(multiple, block / std::gcd(multiple, block), &multiple);
            if (past_int64) multiple = 1;
        }
    }
};

std::int64_t integer_or(JsonFields& fields, std::string_view key, std::int64_t otherwise, IntegerRange range) {
    const auto value = fields.find(key);
    return value ? read_integer(*value, range, fields.errors()) : otherwise;
}

// False: it has a kind that this version does not.
bool read_groups(JsonFields& fields, RecordShape shape, CacheSetup& setup) {
    bool known = true;
    for (const JsonValue group : fields.array("groups", recorded_groups_max)) {
        std::optional<CacheGroup> read = read_recorded_group(group, shape, fields.errors());
        known &= read.has_value();
        if (read) setup.groups.push_back(std::move(*read));
    }
    return known;
}

void read_setup(JsonFields& fields, CapacityCase& given) {
    CacheSetup& setup = given.setup;
    setup.blocks = Blocks(fields.integer("num_blocks", {1, recorded_blocks_max}));
    setup.model_len_max = Tokens(fields.integer("max_model_len", lengths));
    given.batched_max = Tokens(fields.integer("max_num_batched_tokens", from_one));
    const BlockSizes sizes(setup.groups);
    if (sizes.past_int64) fields.errors().note(fields.object(), "expected block sizes whose least common multiple fits 64 bits");
    setup.scheduler_block = TokensPerBlock(integer_or(fields, "scheduler_block_size", sizes.multiple, from_one));
    setup.hash_block = TokensPerBlock(integer_or(fields, "hash_block_size", std::max<std::int64_t>(sizes.divisor, 1), from_one));
    given.encoder_tokens = Tokens(integer_or(fields, "encoder_tokens", 0, {0, recorded_length_max}));
    setup.decode_context = integer_or(fields, "dcp", 1, {1, recorded_blocks_max});
    setup.prefill_context = integer_or(fields, "pcp", 1, {1, recorded_blocks_max});
}

RecordedTruth read_truth(JsonValue value, Tokens length_max, JsonErrors& errors) {
    JsonFields fields(value, errors);
    RecordedTruth truth{.length = Tokens(fields.integer("length", {1, length_max.value}))};
    if (const auto error = fields.find("error")) {
        truth.answer = read_string(*error, errors);
    } else {
        RecordedFit fitted;
        fitted.requests = fields.integer("requests", {0, recorded_blocks_max});
        fitted.further = Tokens(fields.integer("further", {0, recorded_length_max}));
        fitted.tokens = Tokens(fields.integer("tokens", from_zero));
        if (const auto reported = fields.need("reported_concurrency_at_this_max_model_len"))
            fitted.reported_concurrency = read_number(*reported, errors);
        truth.answer = fitted;
    }
    fields.finish();
    return truth;
}

}  // namespace

Settings GoldenCapacity::settings(Tokens length) const {
    Settings settings;
    settings.model_len_max = length;
    settings.batched_max = given.batched_max;
    settings.encoder_tokens_max = given.encoder_tokens;
    settings.parallel.decode_context = given.setup.decode_context;
    settings.parallel.prefill_context = given.setup.prefill_context;
    settings.async_scheduling = false;  // One batch is in flight.
    for (const CacheGroup& group : given.setup.groups) {
        if (const auto* states = std::get_if<MambaSpec>(&group.spec)) {
            settings.mamba_mode = states->mode;
            break;
        }
    }
    return settings;
}

bool is_golden_capacity(JsonValue line) { return line.member("truth").has_value() && line.member("groups").has_value(); }

std::variant<std::optional<GoldenCapacity>, Diagnostics> read_golden_capacity(const JsonDocument& line) {
    JsonErrors errors;
    GoldenCapacity golden;
    JsonFields fields(line.root(), errors);
    golden.id = fields.string("id");
    golden.engine = fields.string("engine");
    const RecordShape shape = golden.engine.starts_with("vllm-0.18.") ? RecordShape::vllm_0_18 : RecordShape::vllm_0_32;
    const bool known = read_groups(fields, shape, golden.given.setup);
    read_setup(fields, golden.given);
    for (const JsonValue truth : fields.array("truth", recorded_lengths_max))
        golden.truths.push_back(read_truth(truth, golden.given.setup.model_len_max, errors));
    fields.finish();
    if (!errors.none()) return errors.take();
    if (!known) return std::nullopt;
    return golden;
}

}  // namespace kv
