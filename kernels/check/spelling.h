// Ids in bytes, and a row's ids spelled out from its tag.
#pragma once

#include "kernels/step.h"
#include "model/capture/provenance.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

namespace kv {

// Bytes read and written as ids of a type, one at a time.
struct IdBytes {
    std::span<std::byte> bytes;
    IdType type;

    void put(std::int64_t index, std::int64_t id) const {  // Little end first, as every machine here has it.
        std::memcpy(bytes.data() + index * bytes_of(type), &id, static_cast<std::size_t>(bytes_of(type)));
    }
    std::int64_t get(std::int64_t index) const {
        if (type == IdType::int32) {
            std::int32_t id = 0;
            std::memcpy(&id, bytes.data() + index * bytes_of(type), sizeof id);
            return id;
        }
        std::int64_t id = 0;
        std::memcpy(&id, bytes.data() + index * bytes_of(type), static_cast<std::size_t>(bytes_of(type)));
        return id;
    }
    // Returns how many did not fit: 0 or 1.
    std::int64_t put_if_it_fits(std::int64_t index, std::int64_t id) const {
        const std::int64_t most = type == IdType::uint8    ? std::numeric_limits<std::uint8_t>::max()
                                  : type == IdType::uint16 ? std::numeric_limits<std::uint16_t>::max()
                                                           : std::numeric_limits<std::int32_t>::max();
        const std::int64_t least = type == IdType::int32 ? std::numeric_limits<std::int32_t>::min() : 0;
        if (id < least || id > most) return 1;
        put(index, id);
        return 0;
    }
};

// The experts that a token's router chose in every layer.
struct Speller {
    const StepShape& shape;
    std::int64_t experts;

    template <class Use>
    void spell(RowTag tag, Use use) const {
        for (std::int64_t layer = 0; layer < shape.layer_count; ++layer) {
            const LayerChoice choice = layer_choice(5, tag, layer, {.experts = experts, .topk = shape.topk});
            for (std::int64_t k = 0; k < shape.topk; ++k) use(layer, k, std::int64_t{choice.expert(k)});
        }
    }
};

}  // namespace kv
