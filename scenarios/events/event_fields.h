// The members of an object by their keys, as fast as they come in the expected order.
#pragma once

#include "scenarios/json_fields.h"

namespace kv {

class EventFields {
public:
    EventFields(JsonValue object, JsonErrors& errors);  // Notes what is no object.

    std::optional<JsonValue> find(std::string_view key);
    std::optional<JsonValue> need(std::string_view key);  // Empty: not there, which is noted.
    void finish();                                        // Notes the keys that nobody asked for.

    JsonValue object() const { return object_; }

private:
    struct Member {
        JsonValue key, value;
        bool taken = false;
    };
    JsonValue object_;
    JsonErrors& errors_;
    bool is_object_;
    std::size_t next_ = 0;
    std::vector<Member> members_ = {};
    std::vector<std::string_view> asked_ = {};
};

// Calls `each(place, item)` for the items of an array until it answers false.
template <class Each>
void each_item(JsonValue array, Each each) {
    const JsonDocument& document = array.document();
    const std::size_t count = document.node(array.index()).children;
    std::uint32_t item = array.index() + 1;
    for (std::size_t place = 0; place < count; ++place, item = document.node(item).end)
        if (!each(place, JsonValue(document, item))) return;
}

}  // namespace kv
