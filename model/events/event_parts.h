// The parts of whatever an event is made of: its own `parts`, and those of values that know nothing of events.
#pragma once

#include "model/addressing/position_run.h"
#include "model/cache/cache_manager.h"
#include "model/cache/cache_request.h"
#include "model/cache/prefix_key.h"
#include "model/capture/row_format.h"

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace kv {

namespace detail {
struct AnyPart {
    void operator()(std::string_view, const auto&, std::string_view) const {}
};
}  // namespace detail

// PartsOf<Whole>::parts(whole, each) calls `each(name, part, meaning)` for every part, in order.
template <class Whole>
struct PartsOf;

template <class Whole>
    requires requires(const Whole& whole) { Whole::parts(whole, detail::AnyPart{}); }
struct PartsOf<Whole> {
    static constexpr void parts(auto& whole, auto&& each) { Whole::parts(whole, each); }
};

// Runs and pairs are short: where they are written down they need no names.
template <>
struct PartsOf<BlockCopy> {
    static constexpr bool nameless = true;
    static constexpr void parts(auto& copy, auto&& each) {
        each("source", copy.source, "");
        each("destination", copy.destination, "");
    }
};

template <>
struct PartsOf<TokenRun> {
    static constexpr bool nameless = true;
    static constexpr void parts(auto& run, auto&& each) {
        each("stream", run.stream, "a text");
        each("first", run.first, "place in it");
        each("count", run.count, "tokens");
    }
};

template <>
struct PartsOf<PositionRun> {
    static constexpr bool nameless = true;
    static constexpr void parts(auto& run, auto&& each) {
        each("row", run.row, "of the block table");
        each("count", run.count, "tokens");
        each("first", run.first, "position");
    }
};

template <>
struct PartsOf<RowPart> {
    static constexpr void parts(auto& part, auto&& each) {
        each("first_layer", part.first_layer, "of the row");
        each("layers", part.layers, "");
        each("writer", part.writer, "who writes last");
        each("routed", part.routed, "false: there is nothing to write");
    }
};

template <>
struct PartsOf<Holding::PartialHit> {
    static constexpr void parts(auto& hit, auto&& each) {
        each("block_index", hit.block_index, "column in which the hit ends");
        each("source", hit.source, "block that is copied");
    }
};

template <>
struct PartsOf<Holding::Checkpoint> {
    static constexpr void parts(auto& checkpoint, auto&& each) {
        each("position", checkpoint.position, "so many tokens are in the state");
        each("block_index", checkpoint.block_index, "column of the block that keeps it");
    }
};

template <>
struct PartsOf<Holding::States> {
    static constexpr void parts(auto& states, auto&& each) {
        each("allocated", states.allocated, "there is a block for the running state");
        each("last_state", states.last_state, "column of the state before the running one");
        each("retired_blocks", states.retired_blocks, "columns whose states are given back");
        each("partial_hit", states.partial_hit, "a hit that ends inside a block");
        each("checkpoint", states.checkpoint, "a state that is to be kept");
    }
};

template <>
struct PartsOf<Holding> {
    static constexpr void parts(auto& holding, auto&& each) {
        each("blocks", holding.blocks, "one for each block of its tokens; 0 is the null block");
        each("cached_blocks", holding.cached_blocks, "of these, the first so many are known to the prefix cache");
        each("listed", holding.listed, "the engine has an entry for the request, if only an empty one");
        each("admitted", holding.admitted, "its hits were looked at: from now on it only grows");
        each("states", holding.states, "where the group keeps states");
    }
};

template <class Value>
concept Whole = requires(const Value& value) {
    PartsOf<Value>::parts(value, detail::AnyPart{});
};
template <class Value>
concept Nameless = Whole<Value> && requires {
    PartsOf<Value>::nameless;
};

// Calls `both(name, part of a, part of b)` for every part of two values of a kind.
template <class Value>
constexpr void parts_of_both(auto& a, auto& b, auto&& both) {
    std::size_t place = 0;
    PartsOf<Value>::parts(a, [&](std::string_view name, auto& part, std::string_view) {
        std::size_t other_place = 0;
        PartsOf<Value>::parts(b, [&](std::string_view, auto& other, std::string_view) {
            if constexpr (std::same_as<std::remove_const_t<std::remove_reference_t<decltype(part)>>,
                                       std::remove_const_t<std::remove_reference_t<decltype(other)>>>)
                if (other_place == place) both(name, part, other);
            ++other_place;
        });
        ++place;
    });
}

}  // namespace kv
