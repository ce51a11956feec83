// What the checks on the host and those on a device share.
#pragma once

#include "kernels/check/checks.h"
#include "kernels/check/step_case.h"
#include "kernels/device.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace kv {

inline constexpr std::int64_t twin_cases_max = 500, wild_cases_max = 1000;

enum class CheckPlace : std::uint8_t { host, device };

// Case `number` of a seed: the same on every machine.
struct SeededCase {
    SeededCase(std::uint64_t seed, std::int64_t number, FrameTypes types = FrameTypes::any)
        : draw(mixed(seed) + static_cast<std::uint64_t>(number)), frame(random_frame(draw, types)), step(random_case(frame, draw)) {}
    Draw draw;
    StepFrame frame;
    StepCase step;
};

KernelCheck steps_check(CheckPlace place);
KernelCheck wild_slots_check();
KernelCheck far_check(CheckPlace place);
KernelCheck twin_check(CheckPlace place, const KernelTwinText& twin);

KernelCheck failed(KernelCheck check, const CheckWish& wish, const std::string& difference);
KernelCheck skipped(KernelCheck check, const std::string& why);
KernelCheck found_in(KernelCheck check, std::int64_t count, const std::string& how);  // Fails when a twin was found in no case.

class NoAddresses : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

FarRows far_rows(std::uint64_t seed);
std::string far_rows_difference(const FarRows& far, const std::vector<std::uint8_t>& rows);  // Rows of the slots that are not PAD.

}  // namespace kv
