#include "sim/plan_events.h"

#include "model/capacity_count.h"
#include "model/rules/host_tier.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

namespace kv {
namespace {

GroupFamily family_of(const KvSpec& spec) {
    if (mla_of(spec) != nullptr) return GroupFamily::latent;
    if (full_of(spec) != nullptr) return GroupFamily::full;
    if (sliding_of(spec) != nullptr) return GroupFamily::sliding_window;
    if (std::holds_alternative<ChunkedLocalSpec>(spec)) return GroupFamily::chunked;
    if (std::holds_alternative<MambaSpec>(spec)) return GroupFamily::states;
    if (std::holds_alternative<EncoderOnlySpec>(spec)) return GroupFamily::encoder_only;
    if (std::holds_alternative<CrossSpec>(spec)) return GroupFamily::cross;
    return GroupFamily::other;
}

KvSpec without_padding(KvSpec spec) {
    if (auto* cache = attention_of(spec)) cache->page_padded.reset();
    if (auto* mamba = std::get_if<MambaSpec>(&spec)) mamba->page_padded.reset();
    return spec;
}

std::optional<Bytes> known_page(const Engine& engine, const KvSpec& spec) {
    const auto page = page_bytes(engine, spec);
    const auto* bytes = std::get_if<Bytes>(&page);
    if (bytes == nullptr || bytes->value == 0) return std::nullopt;
    return *bytes;
}

// "full 16, sliding-window 16": in the order in which they have numbers.
std::string words_of_groups(const Plan& plan, std::span<const SpecId> groups) {
    std::string words;
    for (const SpecId id : groups) {
        const KvSpec& spec = plan.spec(id);
        words += words.empty() ? "" : ", ";
        words += group_family_names[static_cast<std::size_t>(family_of(spec))];
        words += ' ' + std::to_string(block_of(spec).value);
    }
    return words;
}

std::optional<std::int64_t> value_of(const std::optional<std::size_t>& index) {
    if (!index) return std::nullopt;
    return static_cast<std::int64_t>(*index);
}

}  // namespace

GroupFacts group_facts(const Engine& engine, const KvSpec& spec, const Settings& settings) {
    GroupFacts facts{.family = family_of(spec),
                     .block = block_of(spec),
                     .prefix_cacheable = prefix_cacheable(spec),
                     .sharded = sharding_of(spec) == ContextSharding::sharded,
                     .page = known_page(engine, spec),
                     .page_real = known_page(engine, without_padding(spec))};
    if (const auto* sliding = sliding_of(spec)) facts.window = sliding->window + sliding->extra_retained;
    if (const auto* custom = std::get_if<CustomSpec>(&spec); custom != nullptr && custom->window) facts.window = *custom->window;
    if (const auto* chunked = std::get_if<ChunkedLocalSpec>(&spec)) facts.chunk = chunked->chunk;
    if (const auto* sinks = std::get_if<SinkFullSpec>(&spec)) facts.sink = sinks->sink.value_or(Tokens{0});
    if (const auto* states = std::get_if<MambaSpec>(&spec)) {
        facts.states = states->mode;
        facts.speculative_blocks = states->speculative_blocks;
    }
    KvSpec counted = spec;  // Blocks of a page that nobody has said are as many as of any page.
    if (!facts.page) pad_page(counted, Bytes{1});
    const auto held = blocks_held_max(engine, counted, settings);
    if (const auto* blocks = std::get_if<Blocks>(&held)) facts.held_max = *blocks;
    return facts;
}

namespace {

// Layers of a group that have a sink by their own specs.
std::int64_t sink_layers(const Group& group, const Plan& plan, std::span<const KvSpec* const> own) {
    const auto shares = [](const KvSpec& spec) {
        const auto* sinks = std::get_if<SinkFullSpec>(&spec);
        return sinks != nullptr && sinks->sink.value_or(Tokens{0}) > Tokens{0};
    };
    if (own.empty()) return shares(plan.spec(group.spec)) ? static_cast<std::int64_t>(std::ssize(group.layers)) : 0;
    return std::ranges::count_if(group.layers, [&](LayerId layer) { return own[index(layer)] != nullptr && shares(*own[index(layer)]); });
}

std::vector<const KvSpec*> own_specs(const ModelLayers* layers) {
    std::vector<const KvSpec*> own(layers == nullptr ? 0 : layers->names.size(), nullptr);
    if (layers == nullptr) return own;
    for (const std::vector<WorkerLayer>& worker : layers->workers)
        for (const WorkerLayer& layer : worker) own[index(layer.layer)] = &layers->specs[index(layer.spec)];
    return own;
}

}  // namespace

void tell_plan(const Engine& engine, const Plan& plan, const Settings& given, const PlanOrigin& origin, EventSink& sink) {
    Settings settings = given;
    settings.model_len_max = plan.model_len_max;
    std::vector<GroupFacts> groups;
    const std::vector<const KvSpec*> own = own_specs(origin.layers);
    for (const Group& group : plan.groups) {
        GroupFacts facts = group_facts(engine, plan.spec(group.spec), settings);
        facts.layers = std::ssize(group.layers);
        facts.bundle = group.bundle.has_value();
        facts.draft = group.draft;
        facts.sink_layers = sink_layers(group, plan, own);
        if (!origin.checked) {  // Of groups by hand: one size, which nobody knows.
            facts.page.reset();
            facts.page_real.reset();
        }
        if (group.bundle)  // It holds the blocks of its longest layer.
            for (const SpecId id : group.bundle->specs)
                facts.held_max = std::max(facts.held_max, group_facts(engine, plan.spec(id), settings).held_max);
        groups.push_back(facts);
    }
    std::vector<WorkerFacts> workers;
    std::deque<std::string> own_groups;  // Facts refer to them.
    std::int64_t layers = 0;
    for (const Group& group : plan.groups) layers += std::ssize(group.layers);
    for (std::size_t index = 0; index < plan.workers.size(); ++index) {
        const WorkerPlan& worker = plan.workers[index];
        WorkerFacts facts{.blocks = worker.blocks, .block_bytes = Bytes{worker.bytes_per_block.value}};
        for (const Group& group : worker.groups) facts.layers += std::ssize(group.layers);
        if (worker.own_groups) facts.own_groups = own_groups.emplace_back(words_of_groups(plan, *worker.own_groups));
        if (index < origin.memory.size()) facts.memory = origin.memory[index];
        workers.push_back(facts);
    }
    std::optional<Tokens> interleave;  // Ranks of prefills may have all tokens of each other.
    if (settings.parallel.decode_context > 1 && settings.parallel.prefill_context == 1) interleave = settings.parallel.context_interleave;
    std::optional<Tokens> router_block = origin.router_block;
    if (router_block && engine.router_blocks.choice == RouterBlocks::learnt) router_block = plan.scheduler.hash_block;
    sink.see(PlanMade{.engine = origin.engine,
                      .blocks = plan.scheduler.blocks,
                      .model_len_max = plan.model_len_max,
                      .batched_max = settings.batched_max,
                      .sequences_max = settings.sequences_max,
                      .layers = layers,
                      .published_block = plan.scheduler.block,
                      .scheduler_block = plan.scheduler.scheduler_block,
                      .hash_block = plan.scheduler.hash_block,
                      .capture_group = value_of(plan.scheduler.capture_group),
                      .context_ranks = settings.parallel.context(),
                      .checked = origin.checked,
                      .prefix_caching = settings.prefix_caching,
                      .groups = groups,
                      .workers = workers,
                      .interleave = interleave,
                      .router_block = router_block});
    const auto report = [&](const std::optional<Capacity>& capacity, std::optional<std::int64_t> worker) {
        if (capacity)
            sink.see(CapacityReported{
                .worker = worker, .tokens = capacity->reported, .concurrency = capacity->concurrency, .length = plan.model_len_max});
    };
    report(plan.capacity, std::nullopt);
    for (std::size_t index = 1; index < plan.workers.size(); ++index)  // The first worker's is the engine's.
        report(plan.workers[index].capacity, static_cast<std::int64_t>(index));
}

void tell_refusal(const Refusal& refusal, std::optional<Tokens> asked, EventSink& sink) {
    PlanRefused event{.type = refusal.type, .raised_in = refusal.raised_in, .message = refusal.message, .figures = refusal.figures};
    if (refusal.admission) {
        event.asked = asked;
        event.estimated = refusal.admission->estimated_len_max;
    }
    sink.see(event);
}

void tell_host_tier(const Engine& engine, const Plan& plan, Bytes memory, std::int64_t tensor_ranks, EventSink& sink) {
    std::vector<std::size_t> groups;  // That can be hit.
    HostTierFilled filled{.chunk_keys = 0, .chunk = Tokens{1}};
    for (std::size_t index = 0; index < plan.groups.size(); ++index) {
        if (!prefix_cacheable(plan.spec(plan.groups[index].spec))) continue;
        groups.push_back(index);
        filled.chunk = Tokens{checked_lcm(filled.chunk.value, block_of(plan.spec(plan.groups[index].spec)).value)};
    }
    if (groups.empty()) return;
    const auto keys_of_chunk = [&](std::size_t group) { return filled.chunk.value / block_of(plan.spec(plan.groups[group].spec)).value; };
    for (const std::size_t group : groups) filled.chunk_keys = checked_add(filled.chunk_keys, keys_of_chunk(group));
    // Chunk after chunk of one request, group by group, until a key does not fit.
    const auto fill = [&](const HostRow& row) -> std::optional<std::int64_t> {
        Bytes chunk;
        for (const std::size_t group : groups) {
            const Bytes bytes = tensor_ranks * row({engine, plan, group});
            if (bytes == Bytes{0}) return std::nullopt;
            chunk += keys_of_chunk(group) * bytes;
        }
        std::int64_t keys = checked_mul(memory.value / chunk.value, filled.chunk_keys), left = memory.value % chunk.value;
        for (const std::size_t group : groups) {
            const std::int64_t bytes = (tensor_ranks * row({engine, plan, group})).value, wanted = keys_of_chunk(group);
            const std::int64_t fit = std::min(wanted, left / bytes);
            keys += fit;
            left -= fit * bytes;
            if (fit < wanted) break;
        }
        return keys;
    };
    const std::optional<std::int64_t> held = fill(engine.host_row), stored = fill(own_group_row);
    if (!held || !stored) return;
    filled.keys = *stored;
    sink.see(HostTierMade{.memory = memory, .keys = *held});
    sink.see(filled);
}

void tell_capacity(const Engine& engine, const CapacityCase& given, Tokens length, EventSink& sink) {
    const CapacityOutcome outcome = count_planned_capacity(engine, given, length);
    const auto* truth = std::get_if<CapacityTruth>(&outcome);
    if (truth == nullptr || !truth->grows) return;
    sink.see(CapacityConstructed{.length = length,
                                 .requests = truth->requests,
                                 .further = truth->further,
                                 .tokens = truth->tokens(),
                                 .grain = capacity_grain(engine, given, length)});
}

}  // namespace kv
