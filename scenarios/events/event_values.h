// Parts of events out of JSON. What is wrong is noted, and reading goes on.
#pragma once

#include "scenarios/events/event_fields.h"
#include "scenarios/events/event_form.h"
#include "scenarios/events/event_lists.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace kv {

// Of one line.
class EventValues {
public:
    EventValues(EventLists& lists, JsonErrors& errors) : lists_(lists), errors_(errors) {}

    EventLists& lists() { return lists_; }
    JsonErrors& errors() { return errors_; }

    // All named parts of a whole out of an object's members, but for what requests hold: `held(part, value)` takes that.
    template <Whole Value, class Held>
    void members(EventFields& fields, Value& whole, Held&& held) {
        PartsOf<Value>::parts(whole, [&]<class Part>(std::string_view name, Part& part, std::string_view) {
            const auto value = may_be_left_out<Part>() ? fields.find(name) : fields.need(name);
            if (!value) return;
            if constexpr (HeldPart<Part>) held(part, *value);
            else if constexpr (OptionalPart<Part>) read_optional(name, part, *value);
            else read(name, part, *value);
        });
    }

    template <class Part>
    void read(std::string_view name, Part& part, JsonValue value) {
        if constexpr (std::same_as<Part, bool>) part = read_boolean(value, errors_);
        else if constexpr (std::same_as<Part, double>) part = real(value);
        else if constexpr (std::same_as<Part, std::string_view>) part = text(value);
        else if constexpr (Named<Part>) part = static_cast<Part>(read_choice(value, names_of(part), errors_));
        else if constexpr (NumberPart<Part>) part = static_cast<Part>(read_integer(value, range_of_number<Part>(), errors_));
        else if constexpr (ListPart<Part>) list(name, part, value);
        else whole(name, part, value);
    }

    // Block ids or slots, from the item at `begin` on.
    template <class Item>
    void runs(std::vector<Item>& items, JsonValue array, std::size_t begin = 0) {
        each_item(array, [&](std::size_t place, JsonValue value) {
            if (place < begin) return true;
            if (value.kind() == JsonKind::array) run(items, value);
            else if (room<Item>(1, value)) items.push_back(static_cast<Item>(read_integer(value, range_of_number<Item>(), errors_)));
            return !errors_.full();
        });
    }

private:
    template <class Part>
    void read_optional(std::string_view name, std::optional<Part>& part, JsonValue value) {
        // Some rates cannot be made without a number.
        if constexpr (NumberPart<Part>) {
            part = static_cast<Part>(read_integer(value, range_of_number<Part>(), errors_));
        } else {
            Part read_part{};
            read(name, read_part, value);
            part = std::move(read_part);
        }
    }

    double real(JsonValue value) {
        if (value.kind() != JsonKind::string) return read_number(value, errors_);
        constexpr double infinity = std::numeric_limits<double>::infinity();
        if (value.string() == "Infinity") return infinity;
        if (value.string() == "-Infinity") return -infinity;
        if (value.string() == "NaN") return std::numeric_limits<double>::quiet_NaN();
        errors_.note_expected(value, R"(a number, "Infinity", "-Infinity" or "NaN")");
        return 0;
    }

    std::string_view text(JsonValue value) {
        if (value.kind() == JsonKind::string) return value.string();  // Lives as long as the document.
        errors_.note_expected(value, "a string");
        return {};
    }

    // Whether so many items more are within what a line may take.
    template <class Item>
    bool room(std::int64_t count, JsonValue value) {
        const auto size = static_cast<std::int64_t>(sizeof(Item));
        if (count <= (event_line_memory_max - memory_) / size) {
            memory_ += count * size;
            return true;
        }
        errors_.note(value,
                     fmt::format("expected a line whose lists take at most {} bytes with their runs unrolled", event_line_memory_max));
        return false;
    }

    template <class Item>
    void list(std::string_view name, std::span<const Item>& part, JsonValue value) {
        if (!is_array(value)) return;
        std::vector<Item>& items = lists_.take<Item>();
        fill(name, items, value);
        part = items;
    }
    template <class Item>
    void list(std::string_view name, std::vector<Item>& part, JsonValue value) {
        if (is_array(value)) fill(name, part, value);
    }

    bool is_array(JsonValue value) {
        if (value.kind() == JsonKind::array) return true;
        errors_.note_expected(value, "an array");
        return false;
    }

    template <class Item>
    void fill(std::string_view name, std::vector<Item>& items, JsonValue array) {
        if constexpr (std::same_as<Item, RowTag>) return tags(items, array);
        else if constexpr (told_in_runs<Item>("slots")) {
            if (told_in_runs<Item>(name)) return runs(items, array);
        }
        if constexpr (!std::same_as<Item, RowTag>)
            each_item(array, [&](std::size_t, JsonValue value) {
                if (room<Item>(1, value)) read(name, items.emplace_back(), value);
                return !errors_.full();
            });
    }

    template <Whole Value>
    void whole(std::string_view name, Value& whole, JsonValue value) {
        if constexpr (Nameless<Value>) {
            nameless(name, whole, value);
        } else {
            EventFields fields(value, errors_);
            members(fields, whole, [](const auto&, JsonValue) {});
            fields.finish();
        }
    }

    template <Nameless Value>
    void nameless(std::string_view name, Value& whole, JsonValue array) {
        std::string expected;
        std::size_t count = 0;
        PartsOf<Value>::parts(whole, [&](std::string_view, const auto&, std::string_view) { ++count; });
        if (array.kind() == JsonKind::array && array.size() == count) {
            std::uint32_t item = array.index() + 1;
            PartsOf<Value>::parts(whole, [&](std::string_view, auto& part, std::string_view) {
                read(name, part, JsonValue(array.document(), item));
                item = array.document().node(item).end;
            });
            return;
        }
        PartsOf<Value>::parts(whole, [&](std::string_view part, const auto&, std::string_view) {
            expected += (expected.empty() ? "[" : ", ") + std::string(part);
        });
        errors_.note_expected(array, expected + ']');
    }

    // [first, count]
    template <class Item>
    void run(std::vector<Item>& items, JsonValue array) {
        if (array.size() != 2) return errors_.note_expected(array, "an integer or a run [first, count]");
        const JsonValue first_value(array.document(), array.index() + 1);
        const JsonValue count_value(array.document(), array.document().node(first_value.index()).end);
        constexpr IntegerRange range = range_of_number<Item>();
        const std::int64_t first = read_integer(first_value, range, errors_);
        const bool repeats = first == repeated(Item{});
        // Computed without a sign: from the least number to the most there are more than an int64 holds.
        const std::uint64_t room_above = static_cast<std::uint64_t>(range.most) - static_cast<std::uint64_t>(first);
        const std::int64_t most = repeats || room_above >= static_cast<std::uint64_t>(event_count_max)
                                      ? event_count_max
                                      : static_cast<std::int64_t>(room_above) + 1;
        const std::int64_t count = read_integer(count_value, {.least = 1, .most = most}, errors_);
        if (!room<Item>(count, array)) return;
        if (repeats) return void(items.insert(items.end(), static_cast<std::size_t>(count), static_cast<Item>(first)));
        items.reserve(items.size() + static_cast<std::size_t>(count));
        for (std::int64_t i = 0; i < count; ++i) items.push_back(static_cast<Item>(first + i));
    }

    void tags(std::vector<RowTag>& tags, JsonValue array);
    void tag_run_of(std::vector<RowTag>& tags, JsonValue value);

    EventLists& lists_;
    JsonErrors& errors_;
    std::int64_t memory_ = 0;
};

}  // namespace kv
