// What a stretch of text is called in the rows of its positions: a stretch by all that stands before it, as rows depend on it.
#pragma once

#include "model/cache/prefix_key.h"
#include "model/capture/provenance.h"

#include <cstdint>

namespace kv {

// Of a run that begins at `position`, behind a stretch of the content `before` (0: nothing).
constexpr std::int64_t text_content(std::int64_t before, const TokenRun& run, std::int64_t position) {
    std::uint64_t content = 0x9e3779b97f4a7c15;
    for (const std::int64_t word : {before, run.stream, run.first, position})
        content = mixed(content ^ mixed(static_cast<std::uint64_t>(word) + 0x9e3779b97f4a7c15));
    return static_cast<std::int64_t>(content & RowOrigin::content_max);
}

}  // namespace kv
