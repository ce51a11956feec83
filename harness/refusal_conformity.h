// Compares an error that an engine raised with the model's refusal. Type and figures have to be equal; the wording need not.
#pragma once

#include "harness/comparison.h"
#include "model/refusal.h"
#include "scenarios/golden_plan.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

// The integers that stand alone in a message: the 16 of "block size (16)", not those of "L0.attn", "v1" or "39.9 GiB".
std::set<std::int64_t> integers_alone(std::string_view message);

// The error is the comparison's present scope. Where it agrees but for the engine's function, that goes to `raised_in`.
void compare_refusal(const RecordedError& recorded, const Refusal& ours, Comparison& comparison, std::vector<FieldDifference>& raised_in);

std::string refusal_text(const RecordedError& error);
std::string refusal_text(const Refusal& refusal);

}  // namespace kv
