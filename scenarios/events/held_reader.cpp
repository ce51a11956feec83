#include "scenarios/events/held_reader.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::int64_t group_weight = 64;  // Of a group or a request, in block ids.

}  // namespace

std::int64_t HeldReader::weight_of(const std::vector<Holding>& held) {
    std::int64_t weight = group_weight * (1 + std::ssize(held));
    for (const Holding& holding : held) weight += std::ssize(holding.blocks);
    return weight;
}

void HeldReader::forget(HeldBy request) {
    const auto found = held_.find(request);
    if (found == held_.end()) return;
    weight_ -= weight_of(found->second);
    held_.erase(found);
}

bool HeldReader::room(std::int64_t more, JsonValue value, JsonErrors& errors) {
    if (more <= held_blocks_max - weight_) {
        weight_ += more;
        return true;
    }
    errors.note(value, fmt::format("expected requests that hold at most {} blocks together", held_blocks_max));
    return false;
}

std::span<const Holding> HeldReader::held(HeldBy request, const std::optional<JsonValue>& value, EventValues& values) {
    JsonErrors& errors = values.errors();
    auto found = held_.find(request);
    if (!value) return found == held_.end() ? std::span<const Holding>() : std::span<const Holding>(found->second);
    if (found == held_.end()) {
        if (!room(group_weight, *value, errors)) return {};
        found = held_.try_emplace(request).first;
    }
    std::vector<Holding>& held = found->second;
    EventFields fields(*value, errors);
    if (const auto groups = fields.find("groups")) {
        const std::int64_t count = read_integer(*groups, {.least = 0, .most = held_groups_max}, errors);
        while (std::ssize(held) > count) {
            weight_ -= group_weight + std::ssize(held.back().blocks);
            held.pop_back();
        }
        if (std::ssize(held) < count && room(group_weight * (count - std::ssize(held)), *groups, errors))
            held.resize(static_cast<std::size_t>(count));
    }
    if (const auto changes = fields.find("changes")) {
        if (changes->kind() != JsonKind::array) errors.note_expected(*changes, "an array");
        else
            each_item(*changes, [&](std::size_t, JsonValue item) {
                change(held, item, values);
                return !errors.full();
            });
    }
    fields.finish();
    return held;
}

void HeldReader::change(std::vector<Holding>& held, JsonValue value, EventValues& values) {
    JsonErrors& errors = values.errors();
    EventFields fields(value, errors);
    const auto group = fields.need("group");
    const std::int64_t most = lost_ || held.empty() ? held_groups_max : std::ssize(held) - 1;
    const std::int64_t index = group ? read_integer(*group, {.least = 0, .most = most}, errors) : 0;
    Holding elsewhere;
    if (index >= std::ssize(held) && !lost_ && group) errors.note(*group, "expected `groups`, which says how many groups the request has");
    const bool known = index < std::ssize(held);
    Holding& holding = known ? held[static_cast<std::size_t>(index)] : elsewhere;
    const std::int64_t before = std::ssize(holding.blocks);
    if (const auto length = fields.find("length")) {
        const std::int64_t most_blocks = lost_ ? event_count_max : before;
        const std::int64_t blocks = read_integer(*length, {.least = 0, .most = most_blocks}, errors);
        holding.blocks.resize(static_cast<std::size_t>(std::min(blocks, before)));
    }
    weight_ -= known ? before - std::ssize(holding.blocks) : 0;
    const std::int64_t kept = std::ssize(holding.blocks);
    PartsOf<Holding>::parts(holding, [&]<class Part>(std::string_view name, Part& part, std::string_view) {
        const auto told = fields.find(name);
        if (!told) return;
        if constexpr (!ListPart<Part>) {
            Part read{};  // What a whole does not say is as usual, not as before.
            values.read(name, read, *told);
            part = read;
        } else if (told->kind() != JsonKind::array) {
            errors.note_expected(*told, "an array");
        } else {
            each_item(*told, [&](std::size_t, JsonValue item) {
                stretch(part, item, values);
                return !errors.full();
            });
        }
    });
    fields.finish();
    if (known && !room(std::ssize(holding.blocks) - kept, value, errors)) holding.blocks.resize(static_cast<std::size_t>(kept));
}

// [column, id, id, ...]
void HeldReader::stretch(std::vector<BlockId>& blocks, JsonValue value, EventValues& values) {
    if (value.kind() != JsonKind::array || value.size() < 2)
        return values.errors().note_expected(value, "a column and the blocks from there on");
    const JsonValue column_value(value.document(), value.index() + 1);
    const std::int64_t most = lost_ ? event_count_max : std::ssize(blocks);
    const std::int64_t column = std::min(read_integer(column_value, {.least = 0, .most = most}, values.errors()), std::ssize(blocks));
    std::vector<BlockId>& ids = values.lists().take<BlockId>();
    values.runs(ids, value, 1);
    const auto begin = static_cast<std::size_t>(column);
    if (blocks.size() < begin + ids.size()) blocks.resize(begin + ids.size());
    std::ranges::copy(ids, blocks.begin() + column);
}

}  // namespace kv
