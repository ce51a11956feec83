#include "kernels/device.h"

namespace kv {

KernelFigures device_figures() { throw DeviceError("an emulation has no figures"); }

}  // namespace kv
