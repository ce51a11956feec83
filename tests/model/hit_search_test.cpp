// How the longest hit is looked for, by the rules that are side by side.
#include "model/cache/cache_manager.h"
#include "tests/model/build.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kv::testing {
namespace {

// Requests of one text, as far as each has it, over one manager.
class Searched {
public:
    Searched(const std::string& rule, std::vector<KvSpec> groups, std::int64_t blocks)
        : keys_(TokensPerBlock{16}), manager_(engine_of("reference,hit-search=" + rule), setup_of(std::move(groups), blocks)) {
        keys_.append({.stream = 1, .first = 0, .count = 4096});
    }

    // Computes so many tokens, in chunks, and gives all blocks back.
    void serve(std::int64_t tokens, std::int64_t chunk = 4096) {
        CacheRequest request = of(tokens);
        while (request.computed.value < tokens) {
            manager_.new_step_starts();
            const Tokens step{std::min(chunk, tokens - request.computed.value)};
            ASSERT_TRUE(manager_.allocate(request, {.new_tokens = step}));
            request.computed += step;
        }
        manager_.free(request);
    }

    CacheHit hit(std::int64_t tokens) {
        CacheHit hit;
        manager_.find_hit(of(tokens), hit);
        return hit;
    }

private:
    static CacheSetup setup_of(std::vector<KvSpec> groups, std::int64_t blocks) {
        CacheSetup setup{.blocks = Blocks(blocks), .model_len_max = Tokens{4096}};
        for (KvSpec& spec : groups) setup.groups.push_back({std::move(spec)});
        return setup;
    }

    CacheRequest of(std::int64_t tokens) const {
        return {
            .tokens = Tokens(tokens), .prompt_tokens = Tokens(tokens), .keys = keys_.keys().first(static_cast<std::size_t>(tokens / 16))};
    }

    PrefixKeys keys_;
    CacheManager manager_;
};

KvSpec chunks(std::int64_t tokens) { return ChunkedLocalSpec{.cache = cache_of({}), .chunk = Tokens(tokens)}; }
KvSpec window(std::int64_t tokens) { return SlidingWindowSpec{.cache = cache_of({}), .window = Tokens(tokens)}; }

TEST(HitSearch, OfChunksAloneFindsThoseOfNobodyAsReleased) {
    EXPECT_EQ(Searched("shorten-after-proof", {chunks(64)}, 100).hit(150).length, Tokens{128});
    EXPECT_EQ(Searched("shorten-to-found", {chunks(64)}, 100).hit(150).length, Tokens{0});
}

TEST(HitSearch, OfChunksAloneEndsAtTheLastBlockThatWasFound) {
    for (const std::int64_t computed : {15, 16, 63, 64, 100, 128, 140}) {
        Searched searched("shorten-to-found", {chunks(64)}, 100);
        searched.serve(computed);
        EXPECT_EQ(searched.hit(150).length, Tokens(computed / 16 * 16)) << computed;
    }
}

TEST(HitSearch, OfChunksBesideFullAttentionEndsWhereThatDoes) {
    Searched searched("shorten-to-found", {full({}), chunks(64)}, 100);
    EXPECT_EQ(searched.hit(150).length, Tokens{0});
    searched.serve(140, 32);
    const CacheHit hit = searched.hit(150);
    EXPECT_EQ(hit.length, Tokens{128});
    EXPECT_EQ(hit.blocks[1].size(), 8U) << "all of them passed";
}

// The narrow window has let go of the shared tokens, and others have taken their blocks since.
TEST(HitSearch, ByOneKindIsLongerThanWhatTheOthersHave) {
    for (const std::string rule : {"shorten-to-found", "widest-window-for-all", "first-kind-for-all"}) {
        Searched searched(rule, {window(4096), window(64)}, 60);
        searched.serve(600, 32);
        const CacheHit hit = searched.hit(300);
        if (rule == "shorten-to-found") {
            EXPECT_EQ(hit.length, Tokens{0});
            continue;
        }
        EXPECT_EQ(hit.length, Tokens{288}) << rule;
        EXPECT_EQ(hit.blocks[0].size(), 18U);
        EXPECT_LT(std::ranges::count_if(hit.blocks[1], [](BlockId block) { return block != null_block; }), 4) << "of four that it reads";
    }
}

TEST(HitSearch, ByTheWidestIsByFullAttentionWhereThereIsSome) {
    Searched searched("widest-window-for-all", {window(64), full({})}, 60);
    searched.serve(600, 32);
    EXPECT_EQ(searched.hit(300).length, Tokens{288});
    EXPECT_EQ(Searched("widest-window-for-all", {window(64)}, 60).hit(300).length, Tokens{0}) << "one group asks itself";
}

}  // namespace
}  // namespace kv::testing
