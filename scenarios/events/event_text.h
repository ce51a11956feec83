// Parts of events as JSON, appended to a line.
#pragma once

#include "scenarios/events/event_form.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

namespace kv {

void append_string(std::string& out, std::string_view text);  // In quotes. Bytes that are not UTF-8 become U+FFFD.
void append_number(std::string& out, double number);          // The shortest that reads back as the same number.
void append_tags(std::string& out, std::span<const RowTag> tags);
inline void append_integer(std::string& out, std::int64_t number) {
    const fmt::format_int spelled(number);
    out.append(spelled.data(), spelled.size());
}

// Numbers as runs where these are shorter, without brackets around them. `Item` has `repeated`.
template <class Item>
void append_runs(std::string& out, std::span<const Item> items) {
    constexpr std::size_t run_least = 3;  // "[17,3]" is no longer than "17,18,19".
    for (std::size_t at = 0; at < items.size();) {
        const auto first = static_cast<std::int64_t>(items[at]);
        const bool repeats = first == repeated(Item{});
        std::size_t end = at + 1;
        if (repeats) {
            while (end < items.size() && items[end] == items[at]) ++end;
        } else {
            const auto goes_on = [&](std::int64_t item) {
                return item > first && static_cast<std::uint64_t>(item) == static_cast<std::uint64_t>(first) + (end - at);
            };
            while (end < items.size() && goes_on(static_cast<std::int64_t>(items[end]))) ++end;
        }
        if (end - at < run_least) end = at + 1;
        if (at > 0) out += ',';
        if (end - at > 1) out += '[';
        append_integer(out, first);
        if (end - at > 1) {
            out += ',';
            append_integer(out, static_cast<std::int64_t>(end - at));
            out += ']';
        }
        at = end;
    }
}

// One value after another; keeps count of the memory that a reader of the line needs.
class EventText {
public:
    explicit EventText(std::string& out) : out_(out) {}

    std::int64_t memory() const { return memory_; }

    // The parts of a whole with their names, each after a comma but for the first where `first` says so.
    template <Whole Value>
    void members(const Value& whole, bool first) {
        const std::uint64_t usual = usual_flags<Value>();
        std::size_t place = 0;
        PartsOf<Value>::parts(whole, [&](std::string_view name, const auto& part, std::string_view) {
            member(name, part, (usual >> place++ & 1) != 0, first);
        });
    }

    void key(std::string_view name, bool& first) {
        out_ += first ? "\"" : ",\"";
        first = false;
        out_ += name;
        out_ += "\":";
    }

    template <class Part>
    void value(std::string_view name, const Part& part) {
        if constexpr (std::same_as<Part, bool>) out_ += part ? "true" : "false";
        else if constexpr (std::same_as<Part, double>) append_number(out_, part);
        else if constexpr (std::same_as<Part, std::string_view>) append_string(out_, part);
        else if constexpr (Named<Part>) named(part);
        else if constexpr (NumberPart<Part>) append_integer(out_, number_in(part));
        else if constexpr (ListPart<Part>) list(name, std::span<const typename ListOf<Part>::Item>(part));
        else whole(name, part);
    }

private:
    template <class Part>
    void member(std::string_view name, const Part& part, bool usual, bool& first) {
        if constexpr (HeldPart<Part>) {  // Told as changes, by whoever knows what was told before.
        } else if constexpr (OptionalPart<Part>) {
            if (!part) return;
            key(name, first);
            value(name, *part);
        } else {
            if constexpr (std::same_as<Part, bool>)
                if (part == usual) return;
            key(name, first);
            value(name, part);
        }
    }

    template <Named Value>
    void named(Value value) {
        const std::span<const std::string_view> names = names_of(value);
        const auto place = static_cast<std::size_t>(value);
        require(place < names.size(), "every value of an enum has a name");
        out_ += '"';
        out_ += names[place];
        out_ += '"';
    }

    template <Whole Value>
    void whole(std::string_view name, const Value& whole) {
        if constexpr (Nameless<Value>) {
            char before = '[';
            PartsOf<Value>::parts(whole, [&](std::string_view, const auto& part, std::string_view) {
                out_ += before;
                before = ',';
                value(name, part);
            });
            out_ += ']';
        } else {
            out_ += '{';
            members(whole, true);
            out_ += '}';
        }
    }

    template <class Item>
    void list(std::string_view name, std::span<const Item> items) {
        memory_ += static_cast<std::int64_t>(items.size() * sizeof(Item));
        out_ += '[';
        if constexpr (std::same_as<Item, RowTag>) append_tags(out_, items);
        else if constexpr (told_in_runs<Item>("slots")) told_in_runs<Item>(name) ? append_runs(out_, items) : one_by_one(name, items);
        else one_by_one(name, items);
        out_ += ']';
    }

    template <class Item>
    void one_by_one(std::string_view name, std::span<const Item> items) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) out_ += ',';
            value(name, items[i]);
        }
    }

    // The flags of a whole when nothing is said, by their place among its parts.
    template <Whole Value>
    static std::uint64_t usual_flags() {
        static const std::uint64_t flags = [] {
            std::uint64_t found = 0;
            std::size_t place = 0;
            const Value usual{};
            PartsOf<Value>::parts(usual, [&]<class Part>(std::string_view, const Part& part, std::string_view) {
                if constexpr (std::same_as<Part, bool>) found |= std::uint64_t{part} << place;
                ++place;
            });
            return found;
        }();
        return flags;
    }

    std::string& out_;
    std::int64_t memory_ = 0;
};

}  // namespace kv
