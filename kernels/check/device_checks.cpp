#include "kernels/check/check_parts.h"
#include "kernels/host.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr std::int64_t replays_a_graph = 20;

KernelCheck graph_check() {
    return {.id = "device/graph-replay", .what = "a captured graph replayed with other slots, row ranges and ids in place"};
}

KernelCheck ranks_check() { return {.id = "device/two-ranks", .what = "two ranks replay on two streams at the same time"}; }

StepBuffers on_host(const StepFrame& frame, const StepCase& step) {
    StepBuffers found = step.before;
    step_on_host(frame.shape, step.input, found);
    return found;
}

std::string difference_of(const StepFrame& frame, const StepCase& step, const StepBuffers& found) {
    std::string difference = first_difference(frame, step.expected, found);
    if (difference.empty() && on_host(frame, step) != found) difference = "host and device leave different bytes";
    return difference;
}

KernelCheck check_steps(const CheckWish& wish, DeviceRank& rank) {
    KernelCheck check = steps_check(CheckPlace::device);
    for (; check.cases < wish.cases; ++check.cases) {
        const SeededCase random(wish.seed, check.cases);
        StepBuffers found = random.step.before;
        rank.begin(random.frame.shape, random.step.input, random.step.before,
                   {.checks = check.cases % 2 == 0 ? RowChecks::checked : RowChecks::trusted});
        rank.finish(found);
        const std::string difference = difference_of(random.frame, random.step, found);
        if (!difference.empty()) return failed(check, wish, difference);
    }
    return check;
}

KernelCheck check_graph(const CheckWish& wish, DeviceRank& rank) {
    KernelCheck check = graph_check();
    const std::int64_t graphs = std::clamp<std::int64_t>(wish.cases / 100, 1, 100);
    for (std::int64_t graph = 0; graph < graphs; ++graph) {
        SeededCase random(wish.seed, -1 - graph);
        const std::int64_t captured_before = rank.graphs_captured();
        for (std::int64_t replay = 0; replay < replays_a_graph; ++replay, ++check.cases) {
            const StepCase step = random_case(random.frame, random.draw);
            StepBuffers found = step.before;
            rank.begin_graph(random.frame.shape, step.input, step.before);
            rank.finish(found);
            const std::string difference = difference_of(random.frame, step, found);
            if (!difference.empty()) return failed(check, wish, difference);
        }
        if (rank.graphs_captured() - captured_before > 1)
            return failed(check, wish, "the graph was captured anew although its shape is the same");
    }
    return check;
}

KernelCheck check_ranks(const CheckWish& wish, DeviceRank& first, DeviceRank& second) {
    KernelCheck check = ranks_check();
    const std::int64_t pairs = std::clamp<std::int64_t>(wish.cases / 100, 1, 50);
    const std::array ranks{&first, &second};
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
        std::array random{SeededCase(wish.seed + 1, -1 - 2 * pair), SeededCase(wish.seed + 1, -2 - 2 * pair)};
        for (std::int64_t replay = 0; replay < replays_a_graph; ++replay, ++check.cases) {
            const std::array steps{random_case(random[0].frame, random[0].draw), random_case(random[1].frame, random[1].draw)};
            for (std::size_t i : {0U, 1U}) ranks[i]->begin_graph(random[i].frame.shape, steps[i].input, steps[i].before);
            for (std::size_t i : {0U, 1U}) {
                StepBuffers found = steps[i].before;
                ranks[i]->finish(found);
                const std::string difference = difference_of(random[i].frame, steps[i], found);
                if (!difference.empty()) return failed(check, wish, "rank " + std::to_string(i) + ": " + difference);
            }
        }
    }
    return check;
}

std::string far_difference(const FarRows& far, KernelTwin twin) {
    const FarAnswer answer = scatter_far_on_device(far, twin);
    const std::string difference = far_rows_difference(far, answer.rows);
    const auto written = static_cast<std::int64_t>(std::ssize(far.slots) - 1) * FarRows::row_width;  // All but PAD's.
    if (!difference.empty() || answer.bytes_written == written) return difference;
    return std::to_string(answer.bytes_written) + " bytes of the pool were written, expected " + std::to_string(written);
}

KernelCheck check_far(const CheckWish& wish) {
    KernelCheck check = far_check(CheckPlace::device);
    if (device_facts().free_bytes < FarRows::bytes + (std::int64_t{1} << 30)) return skipped(check, "the device has less than 7 GiB free");
    const FarRows far = far_rows(wish.seed);
    check.cases = std::ssize(far.slots);
    const std::string difference = far_difference(far, KernelTwin::none);
    return difference.empty() ? check : failed(check, wish, difference);
}

bool writes_step(KernelTwin twin) {
    return twin == KernelTwin::packed_stride || twin == KernelTwin::rows_from_zero || twin == KernelTwin::rows_from_running_sum;
}

// A twin trusts what it computes, so it runs only where the host has seen that it stays inside the guard zones.
bool stays_in_guard_zones(KernelTwin twin, const HostStep& told, const StepBuffers& buffers) {
    constexpr auto guard = static_cast<std::int64_t>(GuardedBytes::guard_bytes);
    const auto payload = std::ssize((writes_step(twin) ? buffers.step : buffers.side).payload());
    return told.read.count == 0 && told.written.lowest_byte >= -guard && told.written.byte_end <= payload + guard;
}

KernelCheck check_twin(const CheckWish& wish, const KernelTwinText& twin, DeviceRank& rank) {
    KernelCheck check = twin_check(CheckPlace::device, twin);
    if (twin.twin == KernelTwin::offset_of_32_bits) {
        if (device_facts().free_bytes < FarRows::bytes + (std::int64_t{1} << 30))
            return skipped(check, "the device has less than 7 GiB free");
        check.cases = 1;
        const std::string difference = far_difference(far_rows(wish.seed), twin.twin);
        return found_in(check, difference.empty() ? 0 : 1, difference);
    }
    std::int64_t found_count = 0;
    std::string how;
    for (std::int64_t number = 0; number < std::min<std::int64_t>(wish.cases, twin_cases_max); ++number) {
        const SeededCase random(wish.seed, number, FrameTypes::narrow);
        StepBuffers host = random.step.before;
        std::string difference;
        const HostStep told = step_on_host(random.frame.shape, random.step.input, host, twin.twin);
        if (!stays_in_guard_zones(twin.twin, told, host)) continue;
        ++check.cases;
        // The right kernels must pass where the twin is to be found.
        for (const KernelTwin launched : {KernelTwin::none, twin.twin}) {
            StepBuffers found = random.step.before;
            rank.begin(random.frame.shape, random.step.input, random.step.before, {.checks = RowChecks::trusted, .twin = launched});
            rank.finish(found);
            difference = first_difference(random.frame, random.step.expected, found);
            if (launched == KernelTwin::none && !difference.empty()) return failed(check, wish, "the right kernel: " + difference);
        }
        found_count += difference.empty() ? 0 : 1;
        if (how.empty()) how = difference;
    }
    return found_in(check, found_count, how);
}

}  // namespace

std::vector<KernelCheck> device_checks(const CheckWish& wish) {
    DeviceRank first, second;
    std::vector<KernelCheck> checks{check_steps(wish, first), check_graph(wish, first), check_ranks(wish, first, second)};
    if (!wish.twins) return checks;  // The large pool takes a checker of memory too long as well.
    checks.push_back(check_far(wish));
    for (const KernelTwinText& twin : kernel_twins) checks.push_back(check_twin(wish, twin, first));
    return checks;
}

std::vector<KernelCheck> skipped_device_checks(const std::string& why) {
    std::vector<KernelCheck> checks{skipped(steps_check(CheckPlace::device), why), skipped(graph_check(), why), skipped(ranks_check(), why),
                                    skipped(far_check(CheckPlace::device), why)};
    for (const KernelTwinText& twin : kernel_twins) checks.push_back(skipped(twin_check(CheckPlace::device, twin), why));
    return checks;
}

void plant_bad_write_on_device(std::uint64_t seed) {
    DeviceRank rank;
    for (std::int64_t number = 0;; ++number) {
        const SeededCase random(seed, number, FrameTypes::narrow);
        StepBuffers buffers = random.step.before;
        const HostStep told = step_on_host(random.frame.shape, random.step.input, buffers, KernelTwin::pad_is_an_index);
        if (told.written.count == 0 || !stays_in_guard_zones(KernelTwin::pad_is_an_index, told, buffers)) continue;
        rank.begin(random.frame.shape, random.step.input, random.step.before,
                   {.checks = RowChecks::trusted, .twin = KernelTwin::pad_is_an_index});
        rank.finish(buffers);
        return;
    }
}

}  // namespace kv
