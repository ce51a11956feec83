#include "kernels/device.h"

#include "kernels/host.h"
#include "tests/kernels/steps.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <vector>

namespace kv::test {
namespace {

TEST(Device, SaysItsNameOrWhyThereIsNone) { EXPECT_NE(device_available().text, ""); }

TEST(Device, DoesNotPretendToCaptureWhereThereIsNone) {
    if (device_available().available) GTEST_SKIP() << "there is a device: " << device_available().text;
    std::vector<std::uint8_t> rows(4);
    const PlainStep step{.row_width = 1, .slot_of_token = {0}, .expert_ids = {1}};
    EXPECT_THROW(capture_on_device(as_step(step), std::span(rows)), DeviceError);
}

template <class Narrow>
void same_bytes_as_host() {
    const auto row_count = *rc::gen::inRange<std::int64_t>(1, 300);
    const PlainStep step = sound_step(row_count);
    const std::vector<Narrow> before = flat(poisoned_rows<Narrow>(row_count, step.row_width));
    std::vector<Narrow> on_host = before;
    std::vector<Narrow> on_device = before;
    const CaptureResult host = capture_on_host(as_step(step), std::span(on_host));
    const CaptureResult device = capture_on_device(as_step(step), std::span(on_device));
    RC_ASSERT(on_device == on_host);
    RC_ASSERT(device.overflow_count == host.overflow_count);
    RC_ASSERT(host.bad_slot_count == 0);
}

template <class Narrow>
class DeviceCapture : public testing::Test {};
using RowTypes = testing::Types<std::uint8_t, std::uint16_t, std::int32_t>;
TYPED_TEST_SUITE(DeviceCapture, RowTypes);

TYPED_TEST(DeviceCapture, LeavesTheSameBytesAsTheHost) {
    if (const DeviceAvailability device = device_available(); !device.available) GTEST_SKIP() << device.text;
    EXPECT_TRUE(rc::check("device and host leave equal rows", same_bytes_as_host<TypeParam>));
}

}  // namespace
}  // namespace kv::test
