#include "model/rules/slot_mapping.h"

#include "model/addressing/pad_slot.h"

#include <algorithm>

namespace kv {

std::size_t queried_tokens_only(std::span<std::int64_t>, std::size_t tokens) { return tokens; }

std::size_t pad_whole_batch(std::span<std::int64_t> batch, std::size_t tokens) {
    std::ranges::fill(batch.subspan(tokens), pad_slot);
    return batch.size();
}

}  // namespace kv
