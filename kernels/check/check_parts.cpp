#include "kernels/check/check_parts.h"

#include "model/addressing/pad_slot.h"

#include <algorithm>
#include <set>

namespace kv {
namespace {

std::string at(CheckPlace place) { return place == CheckPlace::host ? "host/" : "device/"; }

std::uint8_t far_id(std::int64_t token, std::int64_t column) { return static_cast<std::uint8_t>(1 + (token * 31 + column * 7) % 250); }

}  // namespace

KernelCheck steps_check(CheckPlace place) {
    if (place == CheckPlace::host)
        return {.id = "host/steps", .what = "capture, scatter, delta and hydration of random steps; guard zones, rows of nobody"};
    return {.id = "device/steps", .what = "the same random steps, byte for byte what the host leaves"};
}

KernelCheck wild_slots_check() { return {.id = "host/wild-slots", .what = "slots that no buffer has are recorded, not obeyed"}; }

KernelCheck far_check(CheckPlace place) {
    return {.id = at(place) + "offset-past-2-31", .what = "rows of a 3 GiB pool whose byte offset passes 2^31"};
}

KernelCheck twin_check(CheckPlace place, const KernelTwinText& twin) {
    return {.id = at(place) + "twin/" + std::string(twin.id),
            .what = "finds that " + std::string(twin.meaning),
            .source = std::string(twin.source)};
}

KernelCheck failed(KernelCheck check, const CheckWish& wish, const std::string& difference) {
    check.end = CheckEnd::failed;
    check.detail = "case " + std::to_string(check.cases) + " of seed " + std::to_string(wish.seed) + ": " + difference;
    return check;
}

KernelCheck skipped(KernelCheck check, const std::string& why) {
    check.end = CheckEnd::skipped;
    check.detail = why;
    return check;
}

KernelCheck found_in(KernelCheck check, std::int64_t count, const std::string& how) {
    if (count == 0) {
        check.end = CheckEnd::failed;
        check.detail = "not found in " + std::to_string(check.cases) + " cases";
        return check;
    }
    check.detail = "found in " + std::to_string(count) + " of " + std::to_string(check.cases) + ", first: " + how;
    return check;
}

// The last row below 2^31, the first past it, the last of the pool, and some at random between them.
FarRows far_rows(std::uint64_t seed) {
    constexpr std::int64_t first_past = (std::int64_t{1} << 31) / FarRows::row_width + 1;
    std::set<std::int64_t> slots{first_past - 2, first_past, FarRows::row_count - 1};
    static_assert(row_offset(first_past, FarRows::row_width) > std::int64_t{1} << 31);
    Draw draw(seed);
    while (slots.size() < 64) slots.insert(draw.from_to(first_past, FarRows::row_count - 1));
    FarRows far;
    far.slots.assign(slots.begin(), slots.end());
    draw.shuffle(far.slots);
    far.slots.push_back(pad_slot);
    for (std::int64_t token = 0; token < std::ssize(far.slots); ++token)
        for (std::int64_t column = 0; column < FarRows::row_width; ++column) far.step_rows.push_back(far_id(token, column));
    return far;
}

std::string far_rows_difference(const FarRows& far, const std::vector<std::uint8_t>& rows) {
    std::size_t next = 0;
    for (std::int64_t token = 0; token < std::ssize(far.slots); ++token) {
        const std::int64_t slot = far.slots[static_cast<std::size_t>(token)];
        if (slot == pad_slot) continue;
        for (std::int64_t column = 0; column < FarRows::row_width; ++column, ++next)
            if (rows.at(next) != far_id(token, column))
                return "slot " + std::to_string(slot) + ", byte " + std::to_string(column) + " is " + std::to_string(int{rows[next]}) +
                       ", expected " + std::to_string(int{far_id(token, column)});
    }
    return {};
}

}  // namespace kv
