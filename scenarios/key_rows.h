// How rows of the table of keys are written: a key, then what there is to say of it. For keys.cpp and the lists that it joins.
#pragma once

#include "model/contract.h"
#include "scenarios/keys.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

namespace kv {

// Upper bounds that no machine reaches and below which products of a few stay far from overflow.
inline constexpr std::int64_t tokens_max = std::int64_t{1} << 40;
inline constexpr std::int64_t memory_max = std::int64_t{1} << 60;
inline constexpr std::int64_t blocks_max = std::int64_t{1} << 40;
inline constexpr std::int64_t page_max = std::int64_t{1} << 40;
inline constexpr std::int64_t width_max = std::int64_t{1} << 20;  // Heads, sizes of heads, dimensions of states.
inline constexpr std::int64_t ranks_max = 4096;
inline constexpr std::int64_t layer_count_max = 16384;
inline constexpr std::int64_t small_max = 65536;

// The bits of some of a list's names.
template <class... Names>
constexpr KindSet set_among(std::span<const std::string_view> all, Names... names) {
    KindSet set = 0;
    for (const std::string_view name : {std::string_view(names)...}) {
        const auto found = std::ranges::find(all, name);
        require(found != all.end(), "a name that there is");
        set |= KindSet{1} << (found - all.begin());
    }
    return set;
}

// A row of the table: `row(...)` and what else there is to say of the key.
struct KeyRow {
    Key key;
    constexpr KeyRow with(auto change) const {
        KeyRow changed = *this;
        change(changed.key);
        return changed;
    }
    constexpr KeyRow from(std::int64_t least, std::int64_t most) const {
        return with([&](Key& k) { std::tie(k.least, k.most) = std::pair(least, most); });
    }
    constexpr KeyRow one_of(std::span<const std::string_view> choices) const {
        return with([&](Key& k) { k.choices = choices; });
    }
    constexpr KeyRow of(KindSet set) const {
        return with([&](Key& k) { k.kinds = set; });
    }
    constexpr KeyRow needed_by(KindSet set) const {
        return with([&](Key& k) { k.required = set; });
    }
    constexpr KeyRow needed() const { return needed_by(key.kinds); }
    constexpr KeyRow otherwise(std::string_view fallback) const {
        return with([&](Key& k) { k.fallback = fallback; });
    }
};

constexpr KeyRow row(std::string_view section, std::string_view name, Form form, std::string_view meaning) {
    return {{.section = section, .name = name, .form = form, .meaning = meaning}};
}

}  // namespace kv
