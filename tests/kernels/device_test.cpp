#include "kernels/device.h"

#include "kernels/check/check_parts.h"

#include <gtest/gtest.h>

#include <string>

namespace kv::test {
namespace {

TEST(Device, SaysItsNameOrWhyThereIsNone) { EXPECT_NE(device_available().text, ""); }

TEST(Device, DoesNotPretendToRunWhereThereIsNone) {
    if (device_available().available) GTEST_SKIP() << "there is a device: " << device_available().text;
    EXPECT_THROW(DeviceRank(), DeviceError);
    EXPECT_THROW(device_facts(), DeviceError);
    EXPECT_THROW(scatter_far_on_device(far_rows(1), KernelTwin::none), DeviceError);
    EXPECT_THROW(device_figures(), DeviceError);
    EXPECT_THROW(device_checks({.cases = 1}), DeviceError);
}

TEST(Device, LeavesTheBytesThatTheHostLeavesAndFindsEveryTwin) {
    if (const DeviceAvailability device = device_available(); !device.available) GTEST_SKIP() << device.text;
    for (const KernelCheck& check : device_checks({.cases = 1000}))
        EXPECT_NE(check.end, CheckEnd::failed) << check.id << ": " << check.detail;
}

}  // namespace
}  // namespace kv::test
