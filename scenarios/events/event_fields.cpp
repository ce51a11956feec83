#include "scenarios/events/event_fields.h"

#include <fmt/format.h>

namespace kv {

EventFields::EventFields(JsonValue object, JsonErrors& errors)
    : object_(object), errors_(errors), is_object_(object.kind() == JsonKind::object) {
    if (!is_object_) {
        errors.note_expected(object, "an object");
        return;
    }
    const JsonDocument& document = object.document();
    const std::size_t count = document.node(object.index()).children;
    members_.reserve(count);
    asked_.reserve(count);
    std::uint32_t key = object.index() + 1;
    for (std::size_t i = 0; i < count; ++i, key = document.node(key + 1).end)
        members_.push_back({JsonValue(document, key), JsonValue(document, key + 1)});
}

std::optional<JsonValue> EventFields::find(std::string_view key) {
    asked_.push_back(key);
    for (std::size_t i = 0; i < members_.size(); ++i) {
        Member& member = members_[(next_ + i) % members_.size()];
        if (member.taken || member.key.string() != key) continue;
        member.taken = true;
        next_ = (next_ + i + 1) % members_.size();
        return member.value;
    }
    return std::nullopt;
}

std::optional<JsonValue> EventFields::need(std::string_view key) {
    const std::optional<JsonValue> value = find(key);
    if (!value && is_object_) errors_.note(object_, fmt::format("expected the key `{}`, which is missing", key));
    return value;
}

void EventFields::finish() {
    for (const Member& member : members_) {
        if (member.taken) continue;
        const std::string meant = nearest(member.key.string(), asked_);
        errors_.note(member.key, "unknown key" + (meant.empty() ? std::string() : fmt::format(": did you mean `{}`?", meant)));
        if (errors_.full()) return;
    }
}

}  // namespace kv
