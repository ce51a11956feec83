#include "harness/kernel_checks.h"

#include "kernels/device.h"

#include <algorithm>
#include <iterator>

namespace kv {
namespace {

std::string gib(std::int64_t bytes) { return std::to_string(bytes >> 30) + " GiB"; }

std::vector<std::pair<std::string, std::string>> facts_of_device() {
    const DeviceFacts facts = device_facts();
    return {{"driver", facts.driver},
            {"runtime", facts.runtime},
            {"compute capability", facts.compute},
            {"memory", gib(facts.memory_bytes)},
            {"L2 cache", std::to_string(facts.cache_bytes >> 20) + " MiB"},
            {"multiprocessors", std::to_string(facts.multiprocessors)},
            {"pools marked for checkers", facts.pools_marked ? "yes" : "no, this build found no NVTX memory interface"}};
}

void append(auto& all, auto more) { all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end())); }

}  // namespace

bool KernelReport::right() const {
    return std::ranges::none_of(checks, [](const KernelCheck& check) { return check.end == CheckEnd::failed; }) &&
           std::ranges::all_of(figures, &KernelFigure::met);
}

KernelReport check_kernels(const CheckWish& wish, DeviceChoice choice, FigureChoice figures) {
    const DeviceAvailability there =
        choice == DeviceChoice::cpu ? DeviceAvailability{.available = false, .text = "not asked for"} : device_available();
    if (choice == DeviceChoice::cuda && !there.available) throw DeviceError(there.text);
    KernelReport report{.wish = wish, .device = there.available ? there.text : "", .why_none = there.available ? "" : there.text};
    if (there.available) report.device_facts = facts_of_device();
    append(report.checks, host_checks(wish));
    append(report.checks, there.available ? device_checks(wish) : skipped_device_checks(there.text));
    if (figures == FigureChoice::none) {
        report.figures_skipped = "not asked for";
        return report;
    }
    append(report.figures, host_figures());
    if (there.available) append(report.figures, device_figures());
    return report;
}

}  // namespace kv
