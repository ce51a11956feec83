#include "model/cache/prefix_key.h"

#include "model/contract.h"

#include <algorithm>

namespace kv {

namespace {

// Both halves of a 128-bit product, folded: every bit of the result depends on every bit of the factors.
constexpr std::uint64_t folded_product(std::uint64_t left, std::uint64_t right) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(left) * right;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// One token on. The odd constants are digits of pi and e; a token that would make a factor zero is one in 2^64.
constexpr PrefixKey next(PrefixKey key, std::uint64_t stream, std::uint64_t index) {
    const std::uint64_t low = folded_product(key.low ^ (stream * 0x243F'6A88'85A3'08D3 + 0x1319'8A2E'0370'7345),
                                             index * 0xA409'3822'299F'31D1 ^ 0x082E'FA98'EC4E'6C89);
    const std::uint64_t high = folded_product(key.high ^ (index * 0xB7E1'5162'8AED'2A6B + 0xBF71'5880'9CF4'F3C7),
                                              stream * 0x62E7'160F'38B4'DA57 ^ 0xA784'D904'5190'CFEF);
    return {low + (key.high ^ 0x4528'21E6'38D0'1377), high + (key.low ^ 0xBE54'66CF'34E9'0C6D)};
}

}  // namespace

void PrefixKeys::append(TokenRun run) {
    require(run.count >= 0, "a run has no negative length");
    tokens_ = checked_add(tokens_, run.count);
    std::int64_t until_full = block_.value - (tokens_ - run.count) % block_.value;
    const auto stream = static_cast<std::uint64_t>(run.stream);
    auto index = static_cast<std::uint64_t>(run.first);
    for (std::int64_t left = run.count; left > 0;) {
        const std::int64_t piece = std::min(left, until_full);
        for (std::int64_t i = 0; i < piece; ++i) open_ = next(open_, stream, index++);
        left -= piece;
        until_full -= piece;
        if (until_full > 0) continue;
        keys_.push_back(open_);
        until_full = block_.value;
    }
}

}  // namespace kv
