// A plan of groups as an engine would have made them, in place of layers that it groups itself: nothing is unified, checked against memory
// or laid out, and the rest is the engine's own: kinds that it knows, the drafter's group, what it says of its capacity, of the side buffer
// and of its block sizes.
#pragma once

#include "model/plan.h"

#include <cstdint>
#include <span>
#include <string>

namespace kv {

struct GivenGroup {
    std::string name;  // Of its layers.
    KvSpec spec;
    std::int64_t layers = 1;
};

// `blocks_override` says how many blocks there are. One worker holds all layers, numbered group by group. Groups of one pool have pages of
// one size: smaller ones, and those of specs that say nothing of what they store, count as padded to the largest. So what the plan says of
// bytes is not known (no tensors), and rules that divide bytes of requests by pages give what they give with any page.
// Throws SizeOverflow when a size does not fit 64 bits.
PlanOutcome plan_of_groups(const Engine& engine, std::span<const GivenGroup> groups, const Settings& settings);

}  // namespace kv
