// What identifies a block's content: all tokens from the start of a request to the end of the block. Two keys are equal where the
// tokens are; unequal tokens get equal keys with a chance of 2^-128 a pair. Nothing cryptographic: who wants two prefixes to collide
// can make them, and gets a wrong answer, not a crash.
#pragma once

#include "model/units.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kv {

struct PrefixKey {
    std::uint64_t low = 0, high = 0;
    friend bool operator==(const PrefixKey&, const PrefixKey&) = default;
};

// `count` tokens (stream, first), (stream, first + 1), ... Two tokens are equal where both numbers are.
struct TokenRun {
    std::int64_t stream = 0, first = 0, count = 0;
    friend bool operator==(const TokenRun&, const TokenRun&) = default;
};

// A growing sequence of tokens and the key of each block of it that is full.
class PrefixKeys {
public:
    explicit PrefixKeys(TokensPerBlock block) : block_(block) {}

    void append(TokenRun run);
    Tokens tokens() const { return Tokens(tokens_); }
    std::span<const PrefixKey> keys() const { return keys_; }  // Until the next `append`.

private:
    TokensPerBlock block_;
    std::int64_t tokens_ = 0;
    PrefixKey open_ = {};  // Of the tokens so far, the block that is not full included.
    std::vector<PrefixKey> keys_;
};

}  // namespace kv
