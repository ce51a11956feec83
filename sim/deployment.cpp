#include "sim/deployment.h"

#include "model/cache/planned_cache.h"
#include "model/overload.h"
#include "sim/deployment_size.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kv {
namespace {

bool later(const Engine& engine) { return engine.scheduler.choice == SchedulerRules::vllm_0_32; }

// Mirrors GPUModelRunner.may_reinitialize_input_batch of vllm 0.18.0: states have a block, or one for each of the length's where prefixes
// are cached.
Blocks blocks_by_runner(const KvSpec& spec, const Settings& settings, Tokens length) {
    const TokensPerBlock column{checked_mul(block_of(spec).value, settings.parallel.context())};
    const Blocks of_length = ceil_div(length, column);
    const auto* states = std::get_if<MambaSpec>(&spec);
    if (states == nullptr) return of_length;
    return (settings.prefix_caching ? of_length : Blocks{1}) + Blocks{states->speculative_blocks};
}

// Mirrors max_num_blocks_per_req of the specs of vllm 0.32.0.
Blocks blocks_by_spec(const KvSpec& spec, const Settings& settings, Tokens length) {
    if (std::holds_alternative<CircularBufferSpec>(spec)) return Blocks{1};
    if (const auto* states = std::get_if<MambaSpec>(&spec)) {
        const bool aligned = settings.mamba_mode == MambaMode::align;
        return (aligned ? ceil_div(length, states->block) : Blocks{1}) + Blocks{states->speculative_blocks};
    }
    const bool sharded = sharding_of(spec) == ContextSharding::sharded && attention_of(spec) != nullptr;
    return ceil_div(length, TokensPerBlock{checked_mul(block_of(spec).value, sharded ? settings.parallel.decode_context : 1)});
}

// As far as the plan says: the backend's own choice is not known.
TokensPerBlock kernel_block(const KvSpec& spec) {
    const std::int64_t block = block_of(spec).value;
    const std::optional<Tokens> most = stride_alignment_of(spec).kernel_block;
    return TokensPerBlock{most ? std::gcd(most->value, block) : block};
}

// Of an attention layer's page, its padding included.
std::int64_t block_elements(const Engine& engine, const KvSpec& spec) {
    const AttentionCache* cache = attention_of(spec);
    const auto page = page_bytes(engine, spec);
    const auto* bytes = std::get_if<Bytes>(&page);
    return cache != nullptr && bytes != nullptr ? bytes->value / element_bytes(cache->dtype) : 0;
}

std::vector<TableShape> tables_of(const Engine& engine, const Plan& plan, const Settings& settings, const DeploymentShape& shape) {
    // Cross-attention's tables name the encoder's tokens.
    const auto crosses = [&](const SchedulerView::GroupView& group) { return std::holds_alternative<CrossSpec>(plan.spec(group.spec)); };
    const bool encoder = std::ranges::any_of(plan.scheduler.groups, crosses);
    const Tokens length = encoder ? std::max(plan.model_len_max, engine.encoder_length(settings)) : plan.model_len_max;
    std::vector<TableShape> tables;
    for (std::size_t i = 0; i < plan.scheduler.groups.size(); ++i) {
        const KvSpec& spec = plan.spec(plan.scheduler.groups[i].spec);
        Blocks blocks = row_blocks_max(engine, spec, settings, length);
        if (i < shape.columns.size() && shape.columns[i]) blocks = Blocks{*shape.columns[i]};
        tables.push_back({.block = block_of(spec),
                          .kernel_block = kernel_block(spec),
                          .row_blocks_max = blocks,
                          .block_elements = block_elements(engine, spec)});
    }
    return tables;
}

SchedulerSettings scheduler_of(const Engine& engine, const Plan& plan, const Settings& settings, const DeploymentShape& shape) {
    SchedulerSettings scheduler{.batched_max = settings.batched_max,
                                .running_max = settings.sequences_max,
                                .chunk_max = shape.chunk_max,
                                .asynchronous = settings.async_scheduling,
                                .whole_request_must_fit = shape.whole_request_must_fit,
                                .drafts_max = settings.drafting.tokens,
                                .lookahead = lookahead_slots(engine, settings.drafting)};
    const bool states = std::ranges::any_of(plan.scheduler.groups, [&](const SchedulerView::GroupView& group) {
        return std::holds_alternative<MambaSpec>(plan.spec(group.spec));
    });
    const bool crosses = std::ranges::any_of(plan.scheduler.groups, [&](const SchedulerView::GroupView& group) {
        return std::holds_alternative<CrossSpec>(plan.spec(group.spec));
    });
    if (crosses) scheduler.encoder_room = std::max(settings.encoder_tokens_max, longest_encoder_input(settings));
    if (states && settings.mamba_mode == MambaMode::align) scheduler.state_block = TokensPerBlock{plan.scheduler.block.value().value};
    return scheduler;
}

std::optional<Blocks> draft_blocks(const Engine& engine, const Plan& plan, const Settings& settings) {
    if (!settings.drafting.pool_blocks) return std::nullopt;
    return engine.draft_pool.choice == DraftPool::own_blocks ? *settings.drafting.pool_blocks : plan.scheduler.blocks;
}

BatchShape batch_of(const Settings& settings) {
    return {.rows = settings.sequences_max,
            .context = {.decode = {.ranks = settings.parallel.decode_context},
                        .prefill = {.ranks = settings.parallel.prefill_context},
                        .interleave = settings.parallel.context_interleave}};
}

// What the engines check of capture beside what a row's format and a transport refuse.
std::optional<Refusal> capture_refused(const Engine& engine, const Settings& settings) {
    const bool context = settings.parallel.context() > 1;
    if (engine.transport.choice == Transport::shared_memory && context)
        return Refusal{.type = Raised::assertion_error,
                       .raised_in = "Scheduler.__init__",
                       .message = "rows cannot be captured with context parallel ranks"};
    if (engine.transport.choice != Transport::object_store) return std::nullopt;
    constexpr std::string_view where = "_verify_aux_output_compatibility";
    if (!settings.prefix_caching)
        return Refusal{.type = Raised::value_error, .raised_in = where, .message = "rows cannot be captured without prefix caching"};
    if (context)
        return Refusal{.type = Raised::value_error, .raised_in = where, .message = "rows cannot be captured with context parallel ranks"};
    return std::nullopt;
}

RowModel row_model(const CaptureShape& shape) {
    return {.layers = shape.layers,
            .dense_first = shape.dense_first,
            .stage_layers = shape.stage_layers,
            .draft_layers = shape.draft_layers,
            .draft_first = shape.draft_first.value_or(shape.layers),
            .routers = shape.routers,
            .replicas = shape.redundant_experts,
            .shared_experts = shape.shared_experts,
            .routes_inside = shape.routes_inside};
}

std::int64_t graph_rows_max(const DeploymentShape& shape) { return shape.graph_sizes.empty() ? 0 : shape.graph_sizes.back(); }

std::int64_t step_buffer_rows(const Engine& engine, const Settings& settings, const DeploymentShape& shape) {
    return engine.step_buffer({.batched_max = settings.batched_max.value,
                               .chunk_max = shape.chunk_max.value,
                               .running_max = settings.sequences_max,
                               .graph_max = graph_rows_max(shape),
                               .ranks = shape.data_ranks,
                               .ranks_offered = engine.capture_start.choice == BatchStart::as_offered ? shape.data_ranks : 1});
}

// With blocks of 2 and turns of 3 the third token of a turn would lie in the block after its own.
std::optional<Refusal> interleave_refused(const Plan& plan, const Settings& settings) {
    const std::int64_t interleave = settings.parallel.context_interleave.value;
    if (settings.parallel.decode_context == 1) return std::nullopt;
    for (const SchedulerView::GroupView& group : plan.scheduler.groups)
        if (const std::int64_t block = block_of(plan.spec(group.spec)).value;
            attention_of(plan.spec(group.spec)) != nullptr && block % interleave != 0)
            return Refusal{.type = Raised::assertion_error,
                           .raised_in = "VllmConfig.validate_block_size",
                           .message = "context parallel ranks take turns of " + std::to_string(interleave) +
                                      " tokens, which do not divide a block of " + std::to_string(block)};
    return std::nullopt;
}

// The last pipeline stage writes, and the scheduler's process reads: each sizes the side buffer by what it sees.
CaptureSettings capture_of(const Engine& engine, const Plan& plan, const Settings& settings, const DeploymentShape& shape,
                           const RankSettings& rank) {
    const CaptureShape& captured = *shape.capture;
    const SideBuffer& reader = *plan.side_buffer;
    const SideBuffer& writer = plan.workers.back().side_buffer ? *plan.workers.back().side_buffer : reader;
    const std::size_t group = writer.capture_group.value_or(0);
    const ContextPlace& context = rank.batch.context;
    const auto number = static_cast<std::size_t>(rank.rank);
    const std::int64_t requests = number < shape.requests.size() ? shape.requests[number] : 0;
    return {.rows = {.model = row_model(captured),
                     .seed = shape.seed,
                     .rows = writer.rows.value,
                     .reader_rows = reader.rows.value,
                     .object_rows = reader.rows_per_object.value_or(Rows{rank.cache.hash_block.value}).value,
                     .prefix_caching = settings.prefix_caching,
                     .address = SlotAddress(rank.tables[group].block, engine.context_ranks(context), context.interleave),
                     .requests_max = std::max<std::int64_t>(requests, 1),
                     .running_max = settings.sequences_max,
                     .batched_max = settings.batched_max.value,
                     .steps_in_flight_max = rank.steps_in_flight},
            .buffer = {.rows = step_buffer_rows(engine, settings, shape), .layers = captured.layers, .columns = captured.routers.topk},
            .view = shape.view,
            .tp_size = settings.parallel.tensor,
            .group = group,
            .data_ranks = shape.data_ranks,
            .router_columns = captured.router_columns,
            .router_layer = captured.router_layer,
            .reader_layers = captured.reader_layers};
}

}  // namespace

Blocks row_blocks_max(const Engine& engine, const KvSpec& spec, const Settings& settings, Tokens length) {
    switch (engine.cache_setups.choice) {
        case CacheSetups::seven_kinds:
            return blocks_by_runner(spec, settings, length);
        case CacheSetups::registered:
            break;
    }
    return blocks_by_spec(spec, settings, length);
}

// Mirrors Scheduler.__init__ of vllm 0.18.0 and VllmConfig.num_lookahead_tokens of 0.32.0.
Tokens lookahead_slots(const Engine& engine, const Drafting& drafting) {
    if (later(engine) && drafting.method == "dflash") return Tokens{drafting.tokens} + Tokens{1};  // One more: it fills in after a bonus.
    return Tokens{uses_eagle(drafting) || drafting.method == "draft_model" ? drafting.tokens : 0};
}

// Mirrors MultiprocExecutor.max_concurrent_batches of vllm 0.18.0; the same of 0.32.0 is concurrent_batches.
std::int64_t steps_in_flight(const Engine& engine, const Settings& settings) {
    if (later(engine)) return concurrent_batches(settings);
    return settings.parallel.pipeline <= 1 && settings.async_scheduling ? 2 : settings.parallel.pipeline;
}

std::variant<Deployment, Refusal, NotDeployed> deploy(const Engine& engine, const Plan& plan, const Settings& settings,
                                                      const DeploymentShape& shape) {
    require(shape.data_ranks >= 1 && shape.micro_batches >= 1, "there is a rank, and a batch");
    if (plan.scheduler.groups.empty()) return NotDeployed{"the plan has no group: nothing is cached that could be followed"};
    if (shape.data_ranks > data_ranks_max)
        return NotDeployed{std::to_string(shape.data_ranks) + " data parallel ranks: expected " + std::to_string(data_ranks_max) +
                           " at most"};
    for (const auto& refusal : {plan.capacity_refusal, plan.block_size_refusal})
        if (refusal) return *refusal;
    if (auto refused = interleave_refused(plan, settings)) return *std::move(refused);
    RankSettings rank{.scheduler = scheduler_of(engine, plan, settings, shape),
                      .cache = planned_cache(engine, plan, settings),
                      .tables = tables_of(engine, plan, settings, shape),
                      .batch = batch_of(settings),
                      .steps_in_flight = steps_in_flight(engine, settings),
                      .draft_blocks = draft_blocks(engine, plan, settings)};
    if (shape.capture)
        if (auto refused = capture_refused(engine, settings)) return *std::move(refused);
    Deployment deployment{.lockstep = {.graph_sizes = shape.graph_sizes,
                                       .pads_ranks = shape.pads_ranks,
                                       .micro_batches = shape.micro_batches,
                                       .expert_chunk = shape.expert_chunk.value,
                                       .agreement = engine.batch_agreement.choice}};
    const std::int64_t rows_max = std::max(settings.batched_max.value, graph_rows_max(shape));
    DeploymentSize size(engine);
    for (std::int64_t number = 0; number < shape.data_ranks; ++number) {
        rank.rank = RankId{static_cast<std::int32_t>(number)};
        if (shape.capture) rank.capture = capture_of(engine, plan, settings, shape, rank);
        size.add(rank, rows_max);
        deployment.ranks.push_back(rank);
    }
    if (size.bytes() > deployment_bytes_max) return NotDeployed{size.complaint(deployment_bytes_max)};
    return deployment;
}

}  // namespace kv
