// The checks of the kernels and what came of them. Every check says how many cases it saw; one that could not be made says why.
#pragma once

#include "kernels/figures.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kv {

enum class CheckEnd : std::uint8_t { passed, failed, skipped };

struct KernelCheck {
    std::string id, what;
    CheckEnd end = CheckEnd::passed;
    std::int64_t cases = 0;
    std::string source = {};  // The thread that told of what the check is for.
    std::string detail = {};  // The first thing that was wrong and how to repeat it, how a twin was found, or why it was skipped.
};

struct CheckWish {
    std::int64_t cases = 10'000;
    std::uint64_t seed = 1;
    bool twins = true;  // Off under a checker of memory, which would tell of the twins' faults.
};

std::vector<KernelCheck> host_checks(const CheckWish& wish);
std::vector<KernelCheck> device_checks(const CheckWish& wish);  // DeviceError where there is none.
std::vector<KernelCheck> skipped_device_checks(const std::string& why);
KernelFigures host_figures();

// One twin alone, unguarded by any check of ours: a checker of memory that watches the program must see it write outside its rows.
void plant_bad_write_on_device(std::uint64_t seed);

}  // namespace kv
