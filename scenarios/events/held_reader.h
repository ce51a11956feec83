// What requests hold, put together again from its changes.
#pragma once

#include "scenarios/events/event_values.h"
#include "scenarios/events/held_text.h"

namespace kv {

class HeldReader {
public:
    // What the request holds after the changes that `value` tells; none: as before. Lives until the next call about it.
    std::span<const Holding> held(HeldBy request, const std::optional<JsonValue>& value, EventValues& values);
    void forget(HeldBy request);

    // Some line was not understood: what the others go on from is not known, and no longer complained of.
    void lose_track() { lost_ = true; }

private:
    void change(std::vector<Holding>& held, JsonValue value, EventValues& values);
    void stretch(std::vector<BlockId>& blocks, JsonValue value, EventValues& values);
    bool room(std::int64_t more, JsonValue value, JsonErrors& errors);
    static std::int64_t weight_of(const std::vector<Holding>& held);

    std::map<HeldBy, std::vector<Holding>> held_;
    std::int64_t weight_ = 0;  // Of all: block ids, and as many for each request and group as their memory would be.
    bool lost_ = false;
};

}  // namespace kv
