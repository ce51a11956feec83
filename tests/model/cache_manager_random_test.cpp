// Any call to any manager: it answers or refuses, and no block is lost, held by nobody or free and held at once.
#include "model/cache/cache_manager.h"
#include "model/refusal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace kv {
namespace {

template <class T>
T in_range(T least, T most) {
    return *rc::gen::inRange<T>(least, most + 1);
}
bool one_in(int n) { return in_range(1, n) == 1; }

TokensPerBlock block_times(std::int64_t unit) { return TokensPerBlock(unit * *rc::gen::element<std::int64_t>(1, 1, 2, 4)); }

AttentionCache attention(std::int64_t unit) {
    AttentionCache cache{.block = block_times(unit)};
    if (one_in(8)) cache.sharding = ContextSharding::replicated;
    return cache;
}

KvSpec any_spec(std::int64_t unit) {
    const Tokens window(in_range<std::int64_t>(1, 5 * unit));
    switch (in_range(0, 11)) {
        case 0:
            return SlidingWindowSpec{.cache = attention(unit), .window = window, .extra_retained = Tokens(in_range(0, 2))};
        case 1:
            return ChunkedLocalSpec{.cache = attention(unit), .chunk = window};
        case 2:
            return MambaSpec{
                .block = block_times(unit), .states = {{.shape = {4}}}, .mode = MambaMode::all, .speculative_blocks = in_range(0, 2)};
        case 3:
        case 4:
            return MambaSpec{.block = block_times(unit),
                             .states = {{.shape = {4}}},
                             .mode = MambaMode::align,
                             .speculative_blocks = in_range(0, 3),
                             .prefill_checkpoint_blocks = in_range(0, 1),
                             .prefill_checkpoint_alignment = one_in(2) ? std::nullopt : std::optional(Tokens(unit))};
        case 5:
            return CrossSpec{.cache = attention(unit)};
        case 6:
            return SinkFullSpec{.full = {.cache = attention(unit)}, .sink = Tokens(unit * in_range(1, 3))};
        case 7:
            return RswaSpec{.full = {.cache = attention(unit)}, .rswa_window = window};
        case 8:
            return MlaSpec{.full = {.cache = attention(unit)}};
        case 9:
            return CircularBufferSpec{.cache = {.block = TokensPerBlock(6)}};
        default:
            return FullSpec{.cache = attention(unit)};
    }
}

CacheSetup any_setup() {
    const auto unit = *rc::gen::element<std::int64_t>(1, 4, 4, 8);
    CacheSetup setup;
    const int groups = in_range(0, 3);
    std::int64_t multiple = 1;
    for (int i = 0; i < groups; ++i) {
        setup.groups.push_back({.spec = any_spec(unit), .draft = one_in(8)});
        multiple = std::lcm(multiple, block_of(setup.groups.back().spec).value);
    }
    setup.blocks = Blocks(*rc::gen::element(1, 2, 5, 12, 30, 80));
    setup.prefix_caching = !one_in(5);
    setup.model_len_max = Tokens(*rc::gen::element(std::int64_t{unit}, 6 * unit, 6 * unit + 1, std::int64_t{4096}));
    setup.eagle = one_in(4);
    setup.decode_context = one_in(6) ? 2 : 1;
    setup.prefill_context = one_in(8) ? 2 : 1;
    const bool alone = setup.groups.size() == 1;
    setup.hash_block = TokensPerBlock(alone && !one_in(4) ? multiple * setup.decode_context : unit);
    setup.scheduler_block = TokensPerBlock(multiple * setup.decode_context);
    setup.in_flight_max = Tokens(*rc::gen::element(std::int64_t{unit}, 3 * unit, std::int64_t{4096}));
    setup.prefill_lookahead = setup.eagle ? in_range(1, 3) : 0;
    setup.watermark = *rc::gen::element(0.0, 0.0, 0.29, 1.0);
    setup.shared_prefix_checkpoint = one_in(3);
    if (one_in(3)) setup.retention_interval = Tokens(setup.scheduler_block.value * in_range<std::int64_t>(0, 3));
    return setup;
}

struct Client {
    explicit Client(TokensPerBlock hash_block) : keys(hash_block) {}
    CacheRequest request;
    PrefixKeys keys;
    CacheHit hit;
};

class Random {
public:
    Random(const Engine& engine, const CacheSetup& setup) : setup_(setup), manager_(engine, setup) {
        untouched_ = setup.blocks.value - 1 - manager_.pool().free_count();  // Blocks of sinks are held by no request.
    }

    void call() {
        if (clients_.empty() || one_in(6)) return arrive();
        Client& client = *clients_[static_cast<std::size_t>(in_range<std::int64_t>(0, std::ssize(clients_) - 1))];
        CacheRequest& request = client.request;
        switch (in_range(0, 15)) {
            case 0:
                return manager_.new_step_starts();
            case 1:
                return append(client, {.stream = 100 + in_range(0, 2), .first = request.tokens.value, .count = in_range(1, 9)});
            case 2:
                return manager_.cache_blocks(request, Tokens(in_range<std::int64_t>(0, request.tokens.value)));
            case 3:
            case 4:
                request.computed = Tokens(0);
                client.hit.length = Tokens(0);
                for (std::vector<BlockId>& blocks : client.hit.blocks) blocks.clear();
                return manager_.free(request);
            case 5:
                static_cast<void>(manager_.reset_prefix_cache());
                return;
            case 6:
                return evict();
            case 7:
                static_cast<void>(manager_.common_prefix_blocks(request));
                return;
            case 8:
                static_cast<void>(manager_.take_new_block_ids());
                return;
            case 9:
                return manager_.release_copies(std::exchange(copies_, {}));
            case 10:
                return manager_.find_hit(request, client.hit);
            default:
                return allocate(client);
        }
    }

    // Each block is free or held, and held by as many as have it in a table.
    void check() {
        std::map<BlockId, std::int64_t> held;
        for (const auto& client : clients_) {
            for (std::size_t group = 0; group < manager_.group_count(); ++group)
                for (const BlockId block : CacheManager::held(client->request, group))
                    if (block != null_block) ++held[block];
        }
        for (const BlockCopy& copy : manager_.take_block_copies()) copies_.push_back(copy);
        for (const BlockCopy& copy : copies_) {
            ++held[copy.source];
            ++held[copy.destination];
        }
        std::vector<BlockId> free = manager_.pool().free_blocks();
        RC_ASSERT(std::ssize(free) == manager_.pool().free_count());
        std::ranges::sort(free);
        RC_ASSERT(std::ranges::adjacent_find(free) == free.end());
        RC_ASSERT(!std::ranges::binary_search(free, null_block));
        std::int64_t busy = 0;
        for (std::int64_t place = 1; place < setup_.blocks.value; ++place) {
            const auto block = static_cast<BlockId>(place);
            const std::int64_t holders = manager_.pool().holders(block);
            RC_ASSERT(std::ranges::binary_search(free, block) == (holders == 0));
            busy += holders > 0 && !held.contains(block) ? 1 : 0;
            if (held.contains(block)) RC_ASSERT(holders == held[block]);
        }
        RC_ASSERT(busy == untouched_);
    }

private:
    void append(Client& client, TokenRun run) {
        client.keys.append(run);
        client.request.tokens = client.keys.tokens();
        if (setup_.prefix_caching) client.request.keys = client.keys.keys();
    }

    void arrive() {
        clients_.push_back(std::make_unique<Client>(setup_.hash_block));
        append(*clients_.back(), {.stream = in_range(0, 2), .first = 0, .count = in_range(1, 40)});
        if (one_in(2)) append(*clients_.back(), {.stream = 10 + std::ssize(clients_), .first = 0, .count = in_range(1, 20)});
        clients_.back()->request.prompt_tokens = clients_.back()->request.tokens;
    }

    void evict() {
        std::vector<BlockId> blocks;
        for (int i = 0; i < 3; ++i)
            blocks.push_back(static_cast<BlockId>(in_range<std::int64_t>(0, setup_.blocks.value - (one_in(20) ? 0 : 1))));
        manager_.evict(blocks);
    }

    void allocate(Client& client) {
        CacheRequest& request = client.request;
        const bool fresh = std::ranges::none_of(request.holdings, [](const Holding& holding) { return !holding.blocks.empty(); });
        AllocateCall call;
        if (fresh || one_in(20)) {
            manager_.find_hit(request, client.hit);  // Hits do not survive other calls.
            call.hit = &client.hit;
            call.hit_tokens = client.hit.length;
            request.computed = Tokens(0);
            request.shared_boundary = client.hit.shared_boundary;
        }
        const std::int64_t left = std::max<std::int64_t>(request.tokens.value - request.computed.value - call.hit_tokens.value, 0);
        call.new_tokens = Tokens(one_in(2) ? left : in_range<std::int64_t>(0, left + 2));
        if (one_in(4)) call.lookahead = Tokens(in_range(0, 9));
        if (fresh && one_in(4)) call.external = Tokens(in_range<std::int64_t>(0, left));
        call.delay_caching = one_in(8);
        call.encoder_tokens = Tokens(in_range(0, 20));
        call.whole_request_must_fit = one_in(3);
        if (one_in(6)) call.reserved = Blocks(in_range(0, 5));
        call.others_scheduled = one_in(2);
        request.status = *rc::gen::element(RequestStatus::waiting, RequestStatus::preempted, RequestStatus::running);
        request.in_flight = Tokens(one_in(4) ? in_range(0, 20) : 0);
        if (one_in(10)) request.computed = Tokens(in_range(0, 60));
        if (manager_.allocate(request, call)) request.computed += call.hit_tokens + call.external + call.new_tokens;
    }

    CacheSetup setup_;
    CacheManager manager_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<BlockCopy> copies_;  // Not made yet.
    std::int64_t untouched_ = 0;
};

void make_calls(const Engine& engine, const CacheSetup& setup) {
    const int calls = in_range(1, 60);
    try {
        Random random(engine, setup);
        for (int i = 0; i < calls; ++i) {
            random.call();
            random.check();
        }
    } catch (const RefusedByEngine& refused) {
        RC_ASSERT(!refused.refusal.message.empty());
        RC_ASSERT(!refused.refusal.raised_in.empty());
    }
}

RC_GTEST_PROP(AnyCacheManager, LosesNoBlockWhateverItIsAsked, ()) {
    const auto name = *rc::gen::element<std::string_view>("vllm-0.18.0", "vllm-0.32.0");
    const Engine& engine = *std::ranges::find(engines(), name, &Engine::name);
    for (int manager = 0; manager < 10; ++manager) make_calls(engine, any_setup());  // Half of them are not taken at all.
}

}  // namespace
}  // namespace kv
