#include "kernels/check/check_parts.h"
#include "kernels/host.h"
#include "kernels/move_body.h"

#include <algorithm>
#include <sys/mman.h>

namespace kv {
namespace {

KernelCheck check_steps(const CheckWish& wish) {
    KernelCheck check = steps_check(CheckPlace::host);
    for (; check.cases < wish.cases; ++check.cases) {
        const SeededCase random(wish.seed, check.cases);
        StepBuffers found = random.step.before;
        const HostStep told = step_on_host(random.frame.shape, random.step.input, found);
        std::string difference = first_difference(random.frame, random.step.expected, found);
        if (difference.empty() && told.read.count + told.written.count > 0) difference = "something was read or written outside a buffer";
        if (!difference.empty()) return failed(check, wish, difference);
    }
    return check;
}

// Slots that no sound engine gives: the row is not there, so nothing may be written for it.
KernelCheck check_wild_slots(const CheckWish& wish) {
    KernelCheck check = wild_slots_check();
    for (; check.cases < std::min<std::int64_t>(wish.cases, wild_cases_max); ++check.cases) {
        SeededCase random(wish.seed, check.cases);
        const StepShape& shape = random.frame.shape;
        Draw draw(wish.seed + static_cast<std::uint64_t>(check.cases));
        StepInput& input = random.step.input;
        std::int64_t& bad_rows = random.step.expected.tally.bad_row_count;
        for (std::int64_t token = 0; token < shape.step_rows; ++token) {
            std::int64_t& slot = input.slots[static_cast<std::size_t>(shape.capture_group * shape.step_rows + token)];
            if (slot != pad_slot) continue;
            slot = draw.of<std::int64_t>({-2, shape.side_rows, std::int64_t{1} << 31, std::int64_t{1} << 61, INT64_MAX, INT64_MIN});
            ++bad_rows;
        }
        StepBuffers found = random.step.before;
        const HostStep told = step_on_host(shape, input, found);
        std::string difference = first_difference(random.frame, random.step.expected, found);
        if (difference.empty() && told.written.count != bad_rows) difference = "not every bad slot was recorded";
        if (!difference.empty()) return failed(check, wish, difference);
    }
    return check;
}

struct Unmap {
    std::size_t bytes;
    void operator()(void* memory) const { ::munmap(memory, bytes); }
};

// Addresses of more than 5 GiB, of which only the pages that are touched take memory.
std::string far_difference_on_host(const FarRows& far, KernelTwin twin) {
    constexpr auto bytes = static_cast<std::size_t>(FarRows::bytes);
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw NoAddresses("this process may not have 5 GiB of addresses");
    const std::unique_ptr<void, Unmap> owner(memory, Unmap{bytes});
    auto* const rows = static_cast<std::uint8_t*>(memory) + FarRows::bytes_before;
    Tally tally;
    with_scatter_rule(twin, [&]<class Rule>(Rule) {
        const Scatter<std::uint8_t, TrustedRows<std::uint8_t>, Rule> scatter{
            .shape = {.token_count = std::ssize(far.slots), .row_width = FarRows::row_width, .side_row_count = FarRows::row_count},
            .slots = far.slots.data(),
            .step_rows = far.step_rows.data(),
            .side_rows = {rows}};
        for (std::int64_t token = 0; token < scatter.rows(); ++token) move_row<16>(scatter, token, tally);
    });
    FarAnswer answer;
    for (const std::int64_t slot : far.slots) {
        if (slot == pad_slot) continue;
        const std::uint8_t* const row = rows + row_offset(slot, FarRows::row_width);
        answer.rows.insert(answer.rows.end(), row, row + FarRows::row_width);
    }
    return far_rows_difference(far, answer.rows);
}

KernelCheck check_far(const CheckWish& wish) {
    KernelCheck check = far_check(CheckPlace::host);
    try {
        const FarRows far = far_rows(wish.seed);
        check.cases = std::ssize(far.slots);
        const std::string difference = far_difference_on_host(far, KernelTwin::none);
        return difference.empty() ? check : failed(check, wish, difference);
    } catch (const NoAddresses& why) {
        return skipped(check, why.what());
    }
}

KernelCheck check_twin(const CheckWish& wish, const KernelTwinText& twin) {
    if (twin.twin == KernelTwin::offset_of_32_bits) {
        KernelCheck check = twin_check(CheckPlace::host, twin);
        try {
            check.cases = 1;
            const std::string difference = far_difference_on_host(far_rows(wish.seed), twin.twin);
            return found_in(check, difference.empty() ? 0 : 1, difference);
        } catch (const NoAddresses& why) {
            return skipped(check, why.what());
        }
    }
    KernelCheck check = twin_check(CheckPlace::host, twin);
    std::int64_t found_count = 0;
    std::string how;
    for (; check.cases < std::min<std::int64_t>(wish.cases, twin_cases_max); ++check.cases) {
        const SeededCase random(wish.seed, check.cases);
        StepBuffers found = random.step.before;
        const HostStep told = step_on_host(random.frame.shape, random.step.input, found, twin.twin);
        std::string difference = first_difference(random.frame, random.step.expected, found);
        if (difference.empty()) continue;
        if (told.written.count > 0) difference += "; " + std::to_string(told.written.count) + " writes outside the buffer were recorded";
        if (told.read.count > 0) difference += "; " + std::to_string(told.read.count) + " reads outside the output were recorded";
        ++found_count;
        if (how.empty()) how = difference;
    }
    return found_in(check, found_count, how);
}

}  // namespace

std::vector<KernelCheck> host_checks(const CheckWish& wish) {
    std::vector<KernelCheck> checks{check_steps(wish), check_wild_slots(wish), check_far(wish)};
    for (const KernelTwinText& twin : kernel_twins)
        if (wish.twins) checks.push_back(check_twin(wish, twin));
    return checks;
}

}  // namespace kv
