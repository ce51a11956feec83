// Where a captured row comes from, written into the row itself: whoever reads it tells a fresh row from one that was never written, is
// stale, shifted or another's, with no second copy to compare with.
#pragma once

#include "model/contract.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <optional>
#include <span>

namespace kv {

// Who routed which token. `content` names the text that the position belongs to: requests that share a prefix share its content there,
// for the rows of a prefix do not depend on who asked for it.
struct RowOrigin {
    static constexpr std::int64_t producer_max = (1 << 8) - 1;
    static constexpr std::int64_t content_max = (std::int64_t{1} << 28) - 1;
    static constexpr std::int64_t position_max = (std::int64_t{1} << 27) - 1;

    std::int64_t producer = 0;  // A data-parallel rank's model, or its drafter.
    std::int64_t content = 0;
    std::int64_t position = 0;

    friend constexpr bool operator==(const RowOrigin&, const RowOrigin&) = default;
};

// The origin in 64 bits: what one row is in a model run. Buffers begin as zeros, and no origin is zero.
enum class RowTag : std::uint64_t {};
inline constexpr RowTag never_written_tag{0};
inline constexpr RowTag missing_tag{1};  // Nobody computed the row here, and whoever delivers it says so.

constexpr RowTag tag_of(const RowOrigin& origin) {
    require(0 <= origin.producer && origin.producer <= RowOrigin::producer_max, "a producer has 8 bits");
    require(0 <= origin.content && origin.content <= RowOrigin::content_max, "content has 28 bits");
    require(0 <= origin.position && origin.position <= RowOrigin::position_max, "a position has 27 bits");
    const auto bits = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
    return RowTag{std::uint64_t{1} << 63 | bits(origin.producer) << 55 | bits(origin.content) << 27 | bits(origin.position)};
}

// Tags of consecutive positions of one text.
constexpr void tag_run(const RowOrigin& first, std::span<RowTag> run) {
    if (run.empty()) return;
    const auto tag = static_cast<std::uint64_t>(tag_of(first));
    require(first.position + std::ssize(run) - 1 <= RowOrigin::position_max, "a position has 27 bits");
    for (std::size_t i = 0; i < run.size(); ++i) run[i] = RowTag{tag + i};  // The position is the tag's last part.
}

constexpr std::optional<RowOrigin> origin_of(RowTag tag) {
    const auto bits = static_cast<std::uint64_t>(tag);
    if (bits >> 63 == 0) return std::nullopt;
    const auto field = [&](int shift, std::int64_t max) { return static_cast<std::int64_t>(bits >> shift) & max; };
    return RowOrigin{.producer = field(55, RowOrigin::producer_max),
                     .content = field(27, RowOrigin::content_max),
                     .position = field(0, RowOrigin::position_max)};
}

enum class RowKinship : std::uint8_t {
    fresh,          // Exactly the row that was asked for.
    never_written,  // Of nobody.
    stale,          // Of another text: an earlier owner of the place.
    shifted,        // Of this text, but of another position.
    foreign,        // Of another rank, or of the drafter.
    missing         // Of nobody, and said to be.
};

constexpr RowKinship kinship(RowTag found, const RowOrigin& wanted) {
    if (found == missing_tag) return RowKinship::missing;
    const std::optional<RowOrigin> origin = origin_of(found);
    if (!origin) return RowKinship::never_written;
    if (origin->producer != wanted.producer) return RowKinship::foreign;
    if (origin->content != wanted.content) return RowKinship::stale;
    return origin->position == wanted.position ? RowKinship::fresh : RowKinship::shifted;
}
static_assert(kinship(tag_of({1, 7, 5}), {1, 7, 5}) == RowKinship::fresh && kinship(tag_of({1, 7, 4}), {1, 7, 5}) == RowKinship::shifted);

// Mixes a word so that each bit of it moves about half of the bits of the answer (the finaliser of splitmix64).
constexpr std::uint64_t mixed(std::uint64_t word) {
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return word ^ word >> 31;
}

// A row spelled out: the experts that a router would have chosen for this token in each layer, for kernels and recordings that need them.
struct RouterShape {
    std::int64_t experts;
    std::int64_t topk;  // Different experts, so no more than there are.
};

// The choices of one layer: `first`, and each next one `step` further, which meets no expert twice because step and count share no divisor.
struct LayerChoice {
    std::int64_t first;
    std::int64_t step;
    std::int64_t experts;
    constexpr std::int32_t expert(std::int64_t k) const { return static_cast<std::int32_t>((first + k * step) % experts); }
};

constexpr LayerChoice layer_choice(std::uint64_t seed, RowTag tag, std::int64_t layer, RouterShape shape) {
    require(0 < shape.topk && shape.topk <= shape.experts, "a router chooses different experts");
    require(shape.experts <= std::int64_t{1} << 31, "an expert's id is an int32");
    const std::uint64_t word =
        mixed(mixed(seed + 0x9e3779b97f4a7c15) ^ (mixed(static_cast<std::uint64_t>(tag)) + static_cast<std::uint64_t>(layer)));
    const auto count = static_cast<std::uint64_t>(shape.experts);
    std::int64_t step = 1 + static_cast<std::int64_t>((word >> 32) % count);
    while (std::gcd(step, shape.experts) != 1) ++step;
    return {.first = static_cast<std::int64_t>((word & 0xffffffff) % count), .step = step % shape.experts, .experts = shape.experts};
}

constexpr std::int32_t expert_of(std::uint64_t seed, RowTag tag, std::int64_t layer, std::int64_t k, RouterShape shape) {
    require(0 <= k && k < shape.topk, "a token has topk experts");
    return layer_choice(seed, tag, layer, shape).expert(k);
}

}  // namespace kv
