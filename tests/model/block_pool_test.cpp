#include "model/cache/block_pool.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include <algorithm>
#include <iterator>
#include <list>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace kv {
namespace {

using Prefix = std::pair<int, std::size_t>;  // A key's number, and a group.

BlockId id_of(int block) { return static_cast<BlockId>(block); }
std::vector<BlockId> ids_of(const std::vector<int>& blocks) {
    std::vector<BlockId> ids;
    std::ranges::transform(blocks, std::back_inserter(ids), id_of);
    return ids;
}
PrefixKey key_of(int number) { return {.low = static_cast<std::uint64_t>(number) * 0x9E37'79B9'7F4A'7C15, .high = 1}; }

// The same by lists, as one would write it without caring for speed.
struct NaivePool {
    FreeOrder order = FreeOrder::append_all;
    bool caching = true;
    std::list<int> free = {};
    std::vector<int> holders = {};
    std::vector<std::vector<Prefix>> prefixes = {};  // Of each block.
    std::map<Prefix, std::vector<int>> blocks = {};  // Those told of a prefix, the first one first.
    std::size_t evictions = 0;

    NaivePool(int count, FreeOrder order_of_free, bool caches) : order(order_of_free), caching(caches) {
        holders.resize(static_cast<std::size_t>(count));
        prefixes.resize(static_cast<std::size_t>(count));
        for (int block = 1; block < count; ++block) free.push_back(block);
    }

    int count() const { return static_cast<int>(holders.size()); }
    std::size_t at(int block) const { return static_cast<std::size_t>(block); }

    void forget(int block) {
        if (prefixes[at(block)].empty()) return;
        ++evictions;
        drop(block);
    }
    void drop(int block) {
        for (const Prefix& prefix : prefixes[at(block)]) std::erase(blocks[prefix], block);
        prefixes[at(block)].clear();
    }
    void tell(int block, Prefix prefix) {
        std::vector<int>& told = blocks[prefix];
        if (std::ranges::find(told, block) != told.end()) return;
        told.push_back(block);
        prefixes[at(block)].push_back(prefix);
    }
    void take() {
        const int block = free.front();
        free.pop_front();
        forget(block);
        holders[at(block)] = 1;
    }
    void touch(int block) {
        if (block == 0) return;
        if (holders[at(block)]++ == 0) free.remove(block);
    }
    void release(const std::vector<int>& released) {
        std::list<int> front;
        for (const int block : released) {
            if (block == 0 || --holders[at(block)] > 0) continue;
            const bool to_front = order == FreeOrder::uncached_first && (!caching || prefixes[at(block)].empty());
            (to_front ? front : free).push_back(block);
        }
        free.splice(free.begin(), front);
    }
};

void expect_equal(const NaivePool& naive, const BlockPool& pool) {
    RC_ASSERT(pool.free_blocks() == ids_of({naive.free.begin(), naive.free.end()}));
    RC_ASSERT(pool.free_count() == std::ssize(naive.free));
    std::int64_t held = 0;
    for (int block = 1; block < naive.count(); ++block) {
        RC_ASSERT(pool.holders(id_of(block)) == naive.holders[naive.at(block)]);
        RC_ASSERT(pool.is_free(id_of(block)) == (naive.holders[naive.at(block)] == 0));
        RC_ASSERT(pool.is_cached(id_of(block)) == !naive.prefixes[naive.at(block)].empty());
        held += pool.is_free(id_of(block)) ? 0 : 1;
    }
    RC_ASSERT(pool.free_count() + held + 1 == pool.blocks().value);  // No block is lost or counted twice.
    for (int number = 0; number < 4; ++number) {
        for (std::size_t group = 0; group < 2; ++group) {
            const auto told = naive.blocks.find({number, group});
            const bool none = told == naive.blocks.end() || told->second.empty();
            const std::optional<BlockId> first = pool.cached(key_of(number), group);
            RC_ASSERT(first == (none ? std::nullopt : std::optional(id_of(told->second.front()))));
        }
    }
    RC_ASSERT(pool.evictions() == naive.evictions);
}

struct Command : rc::state::Command<NaivePool, BlockPool> {
    virtual void make(BlockPool& pool) const = 0;
    void run(const NaivePool& before, BlockPool& pool) const override {
        make(pool);
        expect_equal(nextState(before), pool);
    }
};

int any_block(const NaivePool& pool, int least) { return *rc::gen::inRange(std::min(least, pool.count() - 1), pool.count()); }

struct Take : Command {
    int count;
    explicit Take(const NaivePool& pool) : count(*rc::gen::inRange(0, static_cast<int>(pool.free.size()) + 1)) {}
    void checkPreconditions(const NaivePool& pool) const override { RC_PRE(count <= static_cast<int>(pool.free.size())); }
    void apply(NaivePool& pool) const override {
        for (int i = 0; i < count; ++i) pool.take();
    }
    void run(const NaivePool& before, BlockPool& pool) const override {
        std::vector<BlockId> taken;
        pool.take(count, taken);
        RC_ASSERT(taken == ids_of({before.free.begin(), std::next(before.free.begin(), count)}));
        expect_equal(nextState(before), pool);
    }
    void make(BlockPool&) const override {}
    void show(std::ostream& out) const override { out << "take " << count; }
};

struct Touch : Command {
    std::vector<int> blocks;
    explicit Touch(const NaivePool& pool) : blocks(*rc::gen::container<std::vector<int>>(rc::gen::inRange(0, pool.count()))) {}
    void apply(NaivePool& pool) const override {
        for (const int block : blocks) pool.touch(block);
    }
    void make(BlockPool& pool) const override { pool.touch(ids_of(blocks)); }
    void show(std::ostream& out) const override { out << "touch " << rc::toString(blocks); }
};

struct Release : Command {
    std::vector<int> blocks;
    bool reversed;
    explicit Release(const NaivePool& pool) : reversed(*rc::gen::arbitrary<bool>()) {
        std::vector<int> left = pool.holders;
        for (const int block : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, pool.count())))
            if (block == 0 || left[pool.at(block)]-- > 0) blocks.push_back(block);
    }
    void checkPreconditions(const NaivePool& pool) const override {
        for (const int block : blocks) RC_PRE(block == 0 || std::ranges::count(blocks, block) <= pool.holders[pool.at(block)]);
    }
    void apply(NaivePool& pool) const override {
        std::vector<int> order = blocks;
        if (reversed) std::ranges::reverse(order);
        pool.release(order);
    }
    void make(BlockPool& pool) const override {
        if (reversed) pool.release_reversed(ids_of(blocks));
        else pool.release(ids_of(blocks));
    }
    void show(std::ostream& out) const override { out << "release " << (reversed ? "reversed " : "") << rc::toString(blocks); }
};

struct Tell : Command {
    int block;
    Prefix prefix;
    bool own;
    explicit Tell(const NaivePool& pool)
        : block(any_block(pool, 1)),
          prefix(*rc::gen::inRange(0, 4), *rc::gen::inRange<std::size_t>(0, 2)),
          own(pool.prefixes[pool.at(block)].empty() && *rc::gen::arbitrary<bool>()) {}
    void checkPreconditions(const NaivePool& pool) const override {
        RC_PRE(pool.caching && block > 0 && (!own || pool.prefixes[pool.at(block)].empty()));
    }
    void apply(NaivePool& pool) const override { pool.tell(block, prefix); }
    void make(BlockPool& pool) const override {
        if (own) pool.cache_own(id_of(block), key_of(prefix.first), prefix.second, Tokens(16));
        else pool.cache_also(id_of(block), key_of(prefix.first), prefix.second, Tokens(16));
    }
    void show(std::ostream& out) const override { out << "tell " << block << " of " << prefix.first << " in " << prefix.second; }
};

struct Evict : Command {
    int block;
    explicit Evict(const NaivePool& pool) : block(any_block(pool, 0)) {}
    void apply(NaivePool& pool) const override { pool.forget(block); }
    void make(BlockPool& pool) const override { pool.forget(id_of(block)); }
    void show(std::ostream& out) const override { out << "evict " << block; }
};

struct Move : Command {
    int source, target;
    explicit Move(const NaivePool& pool) : source(any_block(pool, 1)), target(any_block(pool, 1)) {}
    void checkPreconditions(const NaivePool& pool) const override {
        RC_PRE(pool.caching && source > 0 && target > 0 && source != target && pool.prefixes[pool.at(target)].empty());
    }
    void apply(NaivePool& pool) const override {
        const std::vector<Prefix> moved = pool.prefixes[pool.at(source)];
        pool.drop(source);
        for (const Prefix& prefix : moved) pool.tell(target, prefix);
    }
    void make(BlockPool& pool) const override { pool.move_prefixes(id_of(source), id_of(target)); }
    void show(std::ostream& out) const override { out << "move " << source << " to " << target; }
};

struct Reset : Command {
    void apply(NaivePool& pool) const override {
        if (std::ssize(pool.free) != pool.count() - 1) return;
        for (int block = 1; block < pool.count(); ++block) pool.drop(block);
    }
    void run(const NaivePool& before, BlockPool& pool) const override {
        RC_ASSERT(pool.reset() == (std::ssize(before.free) == before.count() - 1));  // A held block forbids it.
        expect_equal(nextState(before), pool);
    }
    void make(BlockPool&) const override {}
    void show(std::ostream& out) const override { out << "reset"; }
};

RC_GTEST_PROP(BlockPool, DoesWhatAPlainListOfFreeBlocksAndAMapOfPrefixesDo, ()) {
    const int count = *rc::gen::inRange(1, 10);  // Small, so that sequences reach both ends.
    const FreeOrder order = *rc::gen::element(FreeOrder::append_all, FreeOrder::uncached_first);
    const bool caching = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
    BlockPool pool({.blocks = Blocks(count), .free_order = order, .prefix_caching = caching});
    rc::state::check(NaivePool(count, order, caching), pool,
                     rc::state::gen::execOneOfWithArgs<Take, Touch, Release, Tell, Tell, Evict, Move, Reset>());
}

TEST(BlockPool, HasNoFreeBlockWhenTheNullBlockIsItsOnlyOne) {
    const BlockPool pool({.blocks = Blocks(1)});
    EXPECT_EQ(pool.free_count(), 0);
    EXPECT_EQ(pool.usage(), 0.0);
    EXPECT_TRUE(pool.free_blocks().empty());
}

TEST(BlockPoolDeathTest, BlocksThatAreNotThereCannotBeTakenNorGivenUp) {
    BlockPool pool({.blocks = Blocks(3)});
    std::vector<BlockId> taken;
    pool.take(2, taken);
    EXPECT_DEATH(pool.take(1, taken), "blocks that are taken are there");
    pool.release(taken);
    EXPECT_DEATH(pool.release(taken), "a block that is given up is held");
    EXPECT_DEATH(BlockPool({.blocks = Blocks(0)}), "a pool has its null block");
}

TEST(BlockPool, FreedBlocksWithoutAPrefixComeFirstOnlyInTheNewerOrder) {
    for (const FreeOrder order : {FreeOrder::append_all, FreeOrder::uncached_first}) {
        BlockPool pool({.blocks = Blocks(6), .free_order = order});
        std::vector<BlockId> taken;
        pool.take(4, taken);
        pool.cache_own(BlockId{2}, key_of(1), 0, Tokens(16));
        pool.release_reversed(taken);
        const std::vector<int> expected = order == FreeOrder::append_all ? std::vector{5, 4, 3, 2, 1} : std::vector{4, 3, 1, 5, 2};
        EXPECT_EQ(pool.free_blocks(), ids_of(expected));
    }
}

}  // namespace
}  // namespace kv
