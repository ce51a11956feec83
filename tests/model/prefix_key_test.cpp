#include "model/cache/prefix_key.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace kv {
namespace {

using Token = std::pair<std::int64_t, std::int64_t>;

std::vector<PrefixKey> keys_of(TokensPerBlock block, const std::vector<TokenRun>& runs) {
    PrefixKeys keys(block);
    for (const TokenRun& run : runs) keys.append(run);
    return {keys.keys().begin(), keys.keys().end()};
}

std::vector<Token> tokens_of(const std::vector<TokenRun>& runs) {
    std::vector<Token> tokens;
    for (const TokenRun& run : runs)
        for (std::int64_t i = 0; i < run.count; ++i) tokens.emplace_back(run.stream, run.first + i);
    return tokens;
}

// Few streams and indexes, so that equal prefixes are drawn.
std::vector<TokenRun> any_runs() {
    std::vector<TokenRun> runs;
    const auto count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i)
        runs.push_back({.stream = *rc::gen::inRange(0, 3), .first = *rc::gen::inRange(0, 3), .count = *rc::gen::inRange(0, 20)});
    return runs;
}

// The same tokens, each run cut wherever.
std::vector<TokenRun> split(const std::vector<TokenRun>& runs) {
    std::vector<TokenRun> pieces;
    for (TokenRun run : runs) {
        while (run.count > 0) {
            const auto count = *rc::gen::inRange<std::int64_t>(1, run.count + 1);
            pieces.push_back({.stream = run.stream, .first = run.first, .count = count});
            run.first += count;
            run.count -= count;
        }
    }
    return pieces;
}

TEST(PrefixKeys, HaveAKeyForEachFullBlock) {
    for (const auto& [tokens, blocks] : {std::pair{0, 0U}, {1, 0U}, {15, 0U}, {16, 1U}, {17, 1U}, {31, 1U}, {32, 2U}, {33, 2U}})
        EXPECT_EQ(keys_of(TokensPerBlock{16}, {{.stream = 1, .first = 0, .count = tokens}}).size(), blocks) << tokens;
}

TEST(PrefixKeys, AreNotTakenBackWhenTokensAreAppended) {
    PrefixKeys keys(TokensPerBlock{4});
    keys.append({.stream = 1, .first = 0, .count = 5});
    const std::vector<PrefixKey> before(keys.keys().begin(), keys.keys().end());
    keys.append({.stream = 1, .first = 5, .count = 3});
    ASSERT_EQ(keys.keys().size(), 2U);
    EXPECT_EQ(keys.keys().front(), before.front());
    EXPECT_EQ(keys.tokens(), Tokens{8});
}

TEST(PrefixKeys, TellTokensApartThatOnlyLookAlike) {
    const auto key = [](TokenRun run) { return keys_of(TokensPerBlock{2}, {run}).front(); };
    EXPECT_NE(key({.stream = 0, .first = 1, .count = 2}), key({.stream = 1, .first = 0, .count = 2}));
    EXPECT_NE(key({.stream = 0, .first = 0, .count = 2}), key({.stream = 0, .first = 1, .count = 2}));
    EXPECT_NE(keys_of(TokensPerBlock{2}, {{.stream = 1, .first = 0, .count = 1}, {.stream = 2, .first = 0, .count = 1}}),
              keys_of(TokensPerBlock{2}, {{.stream = 2, .first = 0, .count = 1}, {.stream = 1, .first = 0, .count = 1}}));
}

RC_GTEST_PROP(PrefixKeys, AreEqualForEqualTokensHoweverTheRunsAreSplit, ()) {
    const TokensPerBlock block(*rc::gen::inRange(1, 9));
    const std::vector<TokenRun> runs = any_runs();
    RC_ASSERT(keys_of(block, runs) == keys_of(block, split(runs)));
}

RC_GTEST_PROP(PrefixKeys, AreEqualUpToTheBlockOfTheFirstOtherTokenAndNeverAfterIt, ()) {
    const TokensPerBlock block(*rc::gen::inRange(1, 9));
    const std::vector<TokenRun> common = any_runs();
    std::vector<TokenRun> left = common, right = common;
    for (const TokenRun& run : any_runs()) left.push_back(run);
    for (const TokenRun& run : any_runs()) right.push_back(run);
    const std::vector<Token> left_tokens = tokens_of(left), right_tokens = tokens_of(right);
    const std::vector<PrefixKey> left_keys = keys_of(block, left), right_keys = keys_of(block, right);
    const auto first_other = std::ranges::mismatch(left_tokens, right_tokens).in1 - left_tokens.begin();
    for (std::size_t i = 0; i < std::min(left_keys.size(), right_keys.size()); ++i)
        RC_ASSERT((left_keys[i] == right_keys[i]) == (static_cast<std::int64_t>(i + 1) * block.value <= first_other));
}

RC_GTEST_PROP(PrefixKeys, OfAnotherBlockSizeAreTheSameAtTheSameToken, ()) {
    const auto size = *rc::gen::inRange<std::int64_t>(1, 5);
    const auto times = *rc::gen::inRange<std::int64_t>(1, 5);
    const std::vector<TokenRun> runs = any_runs();
    const std::vector<PrefixKey> fine = keys_of(TokensPerBlock(size), runs), coarse = keys_of(TokensPerBlock(size * times), runs);
    for (std::size_t i = 0; i < coarse.size(); ++i) RC_ASSERT(coarse[i] == fine[(i + 1) * static_cast<std::size_t>(times) - 1]);
}

}  // namespace
}  // namespace kv
