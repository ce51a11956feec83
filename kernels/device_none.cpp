// Stands in for the CUDA files where there is no nvcc.
#include "kernels/device.h"

namespace kv {

struct DeviceRank::State {};

DeviceAvailability device_available() { return {.available = false, .text = KV_NO_CUDA_REASON}; }
DeviceFacts device_facts() { throw DeviceError(KV_NO_CUDA_REASON); }
DeviceRank::DeviceRank() { throw DeviceError(KV_NO_CUDA_REASON); }
DeviceRank::~DeviceRank() = default;
void DeviceRank::begin(const StepShape&, const StepInput&, const StepBuffers&, DeviceLaunch) { throw DeviceError(KV_NO_CUDA_REASON); }
void DeviceRank::begin_graph(const StepShape&, const StepInput&, const StepBuffers&) { throw DeviceError(KV_NO_CUDA_REASON); }
void DeviceRank::finish(StepBuffers&) { throw DeviceError(KV_NO_CUDA_REASON); }
std::int64_t DeviceRank::graphs_captured() const { throw DeviceError(KV_NO_CUDA_REASON); }
FarAnswer scatter_far_on_device(const FarRows&, KernelTwin) { throw DeviceError(KV_NO_CUDA_REASON); }
KernelFigures device_figures() { throw DeviceError(KV_NO_CUDA_REASON); }

}  // namespace kv
