// The tokens of a request, to the last that it will ever have: what their blocks are called in the prefix cache, and whose rows they get.
// Two requests have the same text as far as their runs agree.
#pragma once

#include "model/cache/prefix_key.h"
#include "model/capture/provenance.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kv {

class RequestText {
public:
    explicit RequestText(TokensPerBlock hash_block) : keys_(hash_block) {}

    void append(TokenRun run);

    std::int64_t tokens() const { return keys_.tokens().value; }
    const PrefixKeys& keys() const { return keys_; }
    std::span<const TokenRun> runs() const { return runs_; }

    // The rows of positions [first, first + rows.size()) as `producer` computes them. A row depends on all the text before it.
    void rows(std::int64_t producer, std::int64_t first, std::span<RowTag> rows) const;

private:
    struct Part {
        std::int64_t end = 0;  // Position after its last.
        std::int64_t content = 0;
    };

    PrefixKeys keys_;
    std::vector<Part> parts_ = {};
    std::vector<TokenRun> runs_ = {};  // Of each part.
};

}  // namespace kv
