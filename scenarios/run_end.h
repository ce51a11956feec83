// How the run of a scenario ends.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace kv {

enum class RunEnd : std::uint8_t {
    done,            // Every request is.
    stalled,         // Requests wait for what will not come: every further step would be like the last.
    steps,           // As many steps as the scenario allows.
    work,            // More than anybody waits for.
    fault,           // The engine raised in a step,
    start_refused,   // or before the first,
    plan_refused,    // or when it planned,
    model_refused,   // or when it read the config.json.
    nothing_cached,  // There is no group, and so nothing to follow.
};
inline constexpr std::array<std::string_view, 9> run_end_names{"done",          "stalled",      "steps",         "work",          "fault",
                                                               "start-refused", "plan-refused", "model-refused", "nothing-cached"};
constexpr std::span<const std::string_view> names_of(RunEnd) { return run_end_names; }
constexpr std::string_view name_of(RunEnd end) { return run_end_names[static_cast<std::size_t>(end)]; }

}  // namespace kv
