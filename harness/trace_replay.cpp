#include "harness/comparison.h"
#include "harness/refusal_conformity.h"
#include "harness/trace_conformity.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace kv {

namespace {

using Scope = Comparison::Scope;

std::string text_of(BlockId id) { return fmt::format("{}", static_cast<std::int32_t>(id)); }
std::string text_of(std::int64_t value) { return fmt::format("{}", value); }
std::string text_of(const BlockCopy& copy) { return text_of(copy.source) + ">" + text_of(copy.destination); }
std::string text_of(const DumpOperation::Cached& cached) { return fmt::format("{}:{}", text_of(cached.block), cached.group); }
std::string text_of(const DumpOperation::Shared& shared) { return fmt::format("{}x{}", text_of(shared.block), shared.references); }

template <class T>
void list(Comparison& comparison, std::string_view key, const std::vector<T>& recorded, std::span<const T> ours) {
    if (std::ranges::equal(recorded, ours)) return;
    std::vector<std::string> texts, our_texts;
    for (const T& value : recorded) texts.push_back(text_of(value));
    for (const T& value : ours) our_texts.push_back(text_of(value));
    comparison.list(key, {texts.begin(), texts.end()}, {our_texts.begin(), our_texts.end()});
}

// `ours(group)` are the ids in a group.
template <class Ours>
void lists(Comparison& comparison, std::string_view key, const BlockLists& recorded, Ours&& ours) {
    for (std::size_t group = 0; group < recorded.size(); ++group) {
        const Scope scope(comparison, key, group);
        list(comparison, "", recorded[group], std::span<const BlockId>(ours(group)));
    }
}

DumpOperation dump_of(const BlockPool& pool) {
    DumpOperation dump{.queue = pool.free_blocks()};
    for (std::int64_t place = 0; place < pool.blocks().value; ++place) {
        const auto block = static_cast<BlockId>(place);
        if (pool.is_cached(block)) dump.cached.push_back({.block = block, .group = pool.prefixes().own(block).group});
        if (block != null_block && pool.holders(block) > 1) dump.shared.push_back({.block = block, .references = pool.holders(block)});
    }
    return dump;
}

}  // namespace

struct TraceReplay::State {
    struct Request {
        explicit Request(TokensPerBlock hash_block) : keys(hash_block) {}
        CacheRequest request;
        PrefixKeys keys;
        CacheHit hit;
    };

    State(const Engine& engine, const CacheSetup& setup) : manager(engine, setup) {}

    Request& of(RequestNumber number) { return requests.at(static_cast<std::int64_t>(number)); }
    Blocks free_blocks() const { return Blocks(manager.pool().free_count()); }

    // Without prefix caching the engine computes no keys.
    void extend(Request& request, const std::vector<TokenRun>& runs) {
        const bool keyed = manager.setup().prefix_caching;
        for (const TokenRun& run : runs) {
            request.request.tokens += Tokens(run.count);
            if (keyed) request.keys.append(run);
        }
        if (keyed) request.request.keys = request.keys.keys();
    }

    void make(const ArriveOperation& call) {
        const auto number = static_cast<std::int64_t>(call.request);
        Request& request = requests.try_emplace(number, manager.setup().hash_block).first->second;
        extend(request, call.prompt);
        request.request.prompt_tokens = request.request.tokens;
    }
    void make(const AppendOperation& call) { extend(of(call.request), call.output); }
    void make(const StepOperation&) { manager.new_step_starts(); }

    void make(const LookupOperation& call) {
        Request& request = of(call.request);
        manager.find_hit(request.request, request.hit);
        comparison.value("n", call.length, request.hit.length);
        lists(comparison, "blocks", call.blocks, [&](std::size_t group) {
            return group < request.hit.blocks.size() ? std::span<const BlockId>(request.hit.blocks[group]) : std::span<const BlockId>();
        });
        if (call.shared_boundary) comparison.value("boundary", *call.shared_boundary, request.hit.shared_boundary);
    }

    void make(const AllocateOperation& call) {
        Request& request = of(call.request);
        request.request.computed = call.computed;
        request.request.status = call.status;
        request.request.in_flight = call.in_flight;
        request.request.shared_boundary = call.shared_boundary;
        AllocateCall arguments = call.call;
        arguments.hit = call.with_hit ? &request.hit : nullptr;
        const std::optional<NewBlocks> made = manager.allocate(request.request, arguments);
        comparison.value("ok", call.granted, made.has_value());
        if (call.granted && made) lists(comparison, "new", call.new_blocks, [&](std::size_t group) { return made->group(group); });
        lists(comparison, "table", call.table, [&](std::size_t group) { return CacheManager::held(request.request, group); });
        comparison.value("free", call.free, free_blocks());
    }

    void make(const CacheOperation& call) {
        CacheRequest& request = of(call.request).request;
        request.computed = call.computed;
        request.shared_boundary = call.shared_boundary;
        manager.cache_blocks(request, call.tokens);
    }

    void make(const FreeOperation& call) {
        manager.free(of(call.request).request);
        comparison.value("free", call.free, free_blocks());
    }
    void make(const ResetOperation& call) {
        comparison.value("ok", call.done, manager.reset_prefix_cache());
        comparison.value("free", call.free, free_blocks());
    }
    void make(const EvictOperation& call) { manager.evict(call.blocks); }
    void make(const CommonOperation& call) {
        const std::vector<std::int64_t> ours = manager.common_prefix_blocks(of(call.request).request);
        list(comparison, "n", call.counts, std::span(ours));
    }
    void make(const ZeroOperation& call) {
        const std::vector<BlockId> ours = manager.take_new_block_ids();
        list(comparison, "ids", call.ids, std::span(ours));
    }
    void make(const CopyOperation& call) {
        const std::vector<BlockCopy> ours = manager.take_block_copies();
        list(comparison, "copies", call.copies, std::span(ours));
        manager.release_copies(ours);
        comparison.value("free", call.free, free_blocks());
    }
    void make(const DumpOperation& call) {
        const DumpOperation ours = dump_of(manager.pool());
        list(comparison, "queue", call.queue, std::span(ours.queue));
        list(comparison, "cached", call.cached, std::span(ours.cached));
        list(comparison, "shared", call.shared, std::span(ours.shared));
    }

    CacheManager manager;
    std::unordered_map<std::int64_t, Request> requests;
    Comparison comparison;
};

namespace {

std::string refusal_or(const std::optional<Refusal>& refusal, std::string_view otherwise) {
    return refusal ? refusal_text(*refusal) : std::string(otherwise);
}

// Errors agree by class; the recording has no more of them.
void compare_raised(const std::optional<std::string>& recorded, const std::optional<Refusal>& ours, Comparison& comparison) {
    const bool agree = recorded.has_value() == ours.has_value() && (!ours || *recorded == name_of(ours->type));
    if (!agree) comparison.differ("err", recorded.value_or("none"), refusal_or(ours, "none"));
}

}  // namespace

TraceReplay::TraceReplay(const GoldenTrace& trace, const Engine& engine) {
    Comparison comparison;
    std::optional<Refusal> refusal;
    try {
        state_ = std::make_unique<State>(engine, trace.setup);
    } catch (RefusedByEngine& refused) {
        refusal = std::move(refused.refusal);
    }
    compare_raised(trace.raised, refusal, comparison);
    if (state_ && !trace.raised) comparison.value("coordinator", trace.coordinator, std::string(state_->manager.coordinator()));
    of_setup_ = comparison.differences();
}

TraceReplay::~TraceReplay() = default;

std::vector<FieldDifference> TraceReplay::make(const TraceOperation& operation) {
    Comparison& comparison = state_->comparison;
    const Scope scope(comparison, operation.name);
    std::optional<Refusal> refusal;
    try {
        std::visit([&](const auto& call) { state_->make(call); }, operation.call);
    } catch (RefusedByEngine& refused) {
        refusal = std::move(refused.refusal);
    }
    if (refusal || operation.raised) {
        // The recording has no answer that could be compared, or we have none.
        Comparison errors;
        const Scope error_scope(errors, operation.name);
        compare_raised(operation.raised, refusal, errors);
        return errors.differences();
    }
    return comparison.differences();
}

}  // namespace kv
