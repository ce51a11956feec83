// The capture kernels checked as a whole: on the host always, on a device where there is one, and how fast they are.
#pragma once

#include "kernels/check/checks.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kv {

enum class DeviceChoice : std::uint8_t { automatic, cpu, cuda };

struct KernelReport {
    CheckWish wish;
    std::string device;  // Its name; empty where none was used.
    std::string why_none = {};
    std::vector<std::pair<std::string, std::string>> device_facts = {};
    std::vector<KernelCheck> checks = {};
    KernelFigures figures = {};
    std::string figures_skipped = {};  // Why there are none.

    // No check failed, and every figure that has a budget meets it.
    bool right() const;
};

// A device is used where there is one, or must be there (else DeviceError), or is left alone.
enum class FigureChoice : std::uint8_t { none, measured };
KernelReport check_kernels(const CheckWish& wish, DeviceChoice choice, FigureChoice figures);

}  // namespace kv
