// What requests hold, told as what has changed since it was told last.
#pragma once

#include "scenarios/events/event_form.h"

#include <cstddef>
#include <map>
#include <utility>

namespace kv {

using HeldBy = std::pair<RankId, RequestId>;

class HeldText {
public:
    // Appends a value for the key `held`; false: nothing has changed, and nothing was appended.
    //   {"groups":2,"changes":[{"group":0,"blocks":[[0,17,18],[5,[30,4]]],"cached_blocks":1}]}
    // `groups` where there are more or fewer than before, `length` where a group holds fewer blocks; each list of `blocks` begins with the
    // column of its first block.
    bool append(std::string& out, HeldBy request, std::span<const Holding> held);
    void forget(HeldBy request) { told_.erase(request); }

private:
    std::map<HeldBy, std::vector<Holding>> told_;
};

}  // namespace kv
