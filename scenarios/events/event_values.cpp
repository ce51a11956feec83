#include "scenarios/events/event_values.h"

#include <array>

namespace kv {
namespace {

constexpr std::string_view tags_expected =
    R"([producer, content, position], the same with a count, "never-written", "missing", or one of these with a count)";

std::optional<RowTag> marker_of(JsonValue value) {
    if (value.kind() != JsonKind::string) return std::nullopt;
    if (value.string() == never_written_name) return never_written_tag;
    if (value.string() == missing_name) return missing_tag;
    return std::nullopt;
}

}  // namespace

void EventValues::tags(std::vector<RowTag>& tags, JsonValue array) {
    each_item(array, [&](std::size_t, JsonValue value) {
        tag_run_of(tags, value);
        return !errors_.full();
    });
}

void EventValues::tag_run_of(std::vector<RowTag>& tags, JsonValue value) {
    constexpr std::size_t marker_size = 2, origin_size = 3;  // The latter without a count.
    if (const auto marker = marker_of(value)) {
        if (room<RowTag>(1, value)) tags.push_back(*marker);
        return;
    }
    const std::size_t size = value.kind() == JsonKind::array ? value.size() : 0;
    if (size < marker_size || size > origin_size + 1) return errors_.note_expected(value, tags_expected);
    std::array<JsonValue, origin_size + 1> items{value, value, value, value};
    each_item(value, [&](std::size_t place, JsonValue item) {
        items[place] = item;
        return true;
    });
    const std::size_t before = tags.size();
    if (size == marker_size) {
        const auto marker = marker_of(items[0]);
        if (!marker) return errors_.note_expected(value, tags_expected);
        const std::int64_t count = read_integer(items[1], {.least = 1, .most = event_count_max}, errors_);
        if (room<RowTag>(count, value)) tags.resize(before + static_cast<std::size_t>(count), *marker);
        return;
    }
    const RowOrigin origin{.producer = read_integer(items[0], {.least = 0, .most = RowOrigin::producer_max}, errors_),
                           .content = read_integer(items[1], {.least = 0, .most = RowOrigin::content_max}, errors_),
                           .position = read_integer(items[2], {.least = 0, .most = RowOrigin::position_max}, errors_)};
    const std::int64_t most = RowOrigin::position_max - origin.position + 1;
    const std::int64_t count = size == origin_size ? 1 : read_integer(items[3], {.least = 1, .most = most}, errors_);
    if (!room<RowTag>(count, value)) return;
    tags.resize(before + static_cast<std::size_t>(count));
    tag_run(origin, std::span(tags).subspan(before));
}

}  // namespace kv
