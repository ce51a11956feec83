// Events of every kind with whatever in them.
#pragma once

#include "model/events/event_sink.h"
#include "scenarios/events/event_form.h"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>

namespace kv::testing {

// Makes parts out of a seed; what events point into lives as long as this.
class AnyParts {
public:
    explicit AnyParts(std::uint64_t seed) : state_(seed) {}

    template <Whole Value>
    void fill(Value& whole) {
        PartsOf<Value>::parts(whole, [&](std::string_view name, auto& part, std::string_view) { fill(name, part); });
    }

    std::uint64_t draw() { return mixed(state_ += 0x9e3779b97f4a7c15); }
    std::int64_t below(std::int64_t end) { return static_cast<std::int64_t>(draw() % static_cast<std::uint64_t>(end)); }

private:
    template <class Part>
    void fill(std::string_view name, Part& part) {
        if constexpr (std::same_as<Part, bool>) part = below(2) == 0;
        else if constexpr (std::same_as<Part, double>) part = real();
        else if constexpr (std::same_as<Part, std::string_view>) part = text();
        else if constexpr (std::same_as<Part, RowTag>) part = tag();
        else if constexpr (Named<Part>) part = static_cast<Part>(below(std::ssize(names_of(part))));
        else if constexpr (NumberPart<Part>) part = static_cast<Part>(number(range_of_number<Part>()));
        else if constexpr (OptionalPart<Part>) optional(name, part);
        else if constexpr (std::same_as<Part, std::vector<BlockId>>) ids(part);
        else if constexpr (ListPart<Part>) list(name, part);
        else fill(part);
    }

    // Small ones, for runs; both ends; or any.
    std::int64_t number(IntegerRange range) {
        switch (below(8)) {
            case 0:
                return range.least;
            case 1:
                return range.most;
            case 2:
                return std::clamp(static_cast<std::int64_t>(draw()), range.least, range.most);
            default:
                return std::clamp(below(7) - 2, range.least, range.most);
        }
    }

    double real() {
        switch (below(6)) {
            case 0:
                return -0.0;
            case 1:
                return std::numeric_limits<double>::infinity();
            case 2:
                return std::numeric_limits<double>::denorm_min();
            case 3:
                return 3;
            default:
                return static_cast<double>(static_cast<std::int64_t>(draw())) / 3;
        }
    }

    std::string_view text() {
        static constexpr std::array<std::string_view, 6> texts{"",      "vllm-0.32.0",     "a \"quoted\" \\ one", "\n\t\x01 and \x1b",
                                                               "Größe", "\xF0\x9F\x98\x80"};
        return texts[static_cast<std::size_t>(below(std::ssize(texts)))];
    }

    RowTag tag() {
        switch (below(4)) {
            case 0:
                return never_written_tag;
            case 1:
                return missing_tag;
            default:
                return tag_of({.producer = number({.least = 0, .most = RowOrigin::producer_max}),
                               .content = number({.least = 0, .most = RowOrigin::content_max}),
                               .position = number({.least = 0, .most = RowOrigin::position_max})});
        }
    }

    template <class Part>
    void optional(std::string_view name, std::optional<Part>& part) {
        if (below(2) == 0) return;
        if constexpr (NumberPart<Part>) part = static_cast<Part>(number(range_of_number<Part>()));
        else fill(name, part.emplace());
    }

    // Stretches of equal ones, of consecutive ones, and others.
    template <class Item>
    void stretches(std::vector<Item>& items, auto&& any, auto&& next) {
        for (std::int64_t stretch = below(4); stretch > 0; --stretch) {
            Item item = any();
            const bool rises = below(2) == 0;
            for (std::int64_t count = below(6); count > 0; --count) {
                items.push_back(item);
                if (rises) item = next(item);
            }
        }
    }
    void ids(std::vector<BlockId>& items) {
        stretches(
            items, [&] { return static_cast<BlockId>(number(range_of_number<BlockId>())); },
            [](BlockId id) {
                return id == BlockId{std::numeric_limits<std::int32_t>::max()} ? id : BlockId{static_cast<std::int32_t>(id) + 1};
            });
    }

    template <class Item>
    void list(std::string_view name, std::span<const Item>& part) {
        const auto items = std::make_shared<std::vector<Item>>();
        kept_.push_back(items);
        if constexpr (std::same_as<Item, BlockId>) {
            ids(*items);
        } else if constexpr (std::same_as<Item, std::int64_t>) {
            stretches(
                *items, [&] { return number(range_of_number<Item>()); },
                [](std::int64_t slot) { return slot == std::numeric_limits<std::int64_t>::max() ? slot : slot + 1; });
        } else if constexpr (std::same_as<Item, RowTag>) {
            stretches(
                *items, [&] { return tag(); },
                [](RowTag tag) {
                    auto origin = origin_of(tag);
                    if (!origin || origin->position == RowOrigin::position_max) return tag;
                    ++origin->position;
                    return tag_of(*origin);
                });
        } else {
            for (std::int64_t count = below(4); count > 0; --count) fill(name, items->emplace_back());
        }
        part = *items;
    }

    std::uint64_t state_;
    std::deque<std::shared_ptr<void>> kept_ = {};
};

// So that the lists of an event belong together, as a reader asks.
inline void fit(auto&, AnyParts&) {}
inline void fit(SlotsMapped& event, AnyParts&) { event.runs = {}, event.requests = {}; }
inline void fit(KvWritten& event, AnyParts& any) { event.tokens = any.below(std::ssize(event.slots) + 1); }
inline void fit(RowsCaptured& event, AnyParts&) {
    if (event.outcome != CaptureOutcome::copied) event.rows = {};
    event.count = std::ssize(event.rows);
}
inline void fit(RowsStored& event, AnyParts&) {
    if (event.slots.empty() || event.rows.size() < event.slots.size()) event.slots = {}, event.rows = {};
    else event.rows = event.rows.first(event.rows.size() / event.slots.size() * event.slots.size());
}
inline void fit(RowsDelivered& event, AnyParts& any) {
    event.columns = any.below(2) + 1;
    const auto columns = static_cast<std::size_t>(event.columns);
    const std::size_t wanted = std::min(event.wanted.size(), event.rows.size() / columns);
    event.wanted = event.wanted.first(wanted);
    event.rows = event.rows.first(wanted * columns);
}
inline void fit(RowsOffered& event, AnyParts&) {
    const std::size_t ranks = std::min(event.rank_tokens.size(), event.rank_rows.size());
    event.rank_tokens = event.rank_tokens.first(ranks);
    event.rank_rows = event.rank_rows.first(ranks);
}

// One of every kind, in their order.
inline void tell_every_kind(std::uint64_t seed, EventSink& sink) {
    AnyParts any(seed);
    AllEvents::each_kind([&](auto event) {
        any.fill(event);
        fit(event, any);
        sink.see(event);
    });
}

}  // namespace kv::testing
