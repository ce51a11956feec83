#include "kernels/device.h"

#include "kernels/device_step.cuh"
#include "model/contract.h"

#include <cstring>
#include <optional>

namespace kv {
namespace {

constexpr std::size_t pool_bytes = std::size_t{32} << 20;

std::string version_text(int version) { return std::to_string(version / 1000) + '.' + std::to_string(version % 1000 / 10); }

cudaDeviceProp properties_of_device() {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, 0), "properties of device 0");
    return properties;
}

// The part of the pinned mirror that becomes a part of the pool.
template <class Values>
void put_part(std::byte* mirror, StepPlaces::Part part, const Values& values) {
    const auto bytes = std::as_bytes(std::span(values));
    require(bytes.size() == part.bytes, "every part has the size of its place");
    if (!bytes.empty()) std::memcpy(mirror + part.offset, bytes.data(), bytes.size());
}

void take_part(const std::byte* mirror, StepPlaces::Part part, GuardedBytes& into) {
    require(into.all().size() == part.bytes, "every part has the size of its place");
    std::memcpy(into.all().data(), mirror + part.offset, part.bytes);
}

}  // namespace

DeviceAvailability device_available() {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaErrorInsufficientDriver)  // Also what a machine without any driver answers.
        return {.available = false, .text = "no GPU: there is no CUDA driver, or one too old for this build"};
    if (status != cudaSuccess) return {.available = false, .text = std::string("no GPU: ") + cudaGetErrorString(status)};
    if (count == 0) return {.available = false, .text = "no GPU: the driver counts none"};
    return {.available = true, .text = properties_of_device().name};
}

DeviceFacts device_facts() {
    const cudaDeviceProp properties = properties_of_device();
    int driver = 0, runtime = 0;
    check(cudaDriverGetVersion(&driver), "version of the driver");
    check(cudaRuntimeGetVersion(&runtime), "version of the runtime");
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "memory of the device");
    return {.name = properties.name,
            .driver = version_text(driver),
            .runtime = version_text(runtime),
            .compute = std::to_string(properties.major) + '.' + std::to_string(properties.minor),
            .memory_bytes = static_cast<std::int64_t>(total),
            .free_bytes = static_cast<std::int64_t>(free),
            .cache_bytes = properties.l2CacheSize,
            .multiprocessors = properties.multiProcessorCount,
            .pools_marked = pools_can_be_marked()};
}

struct DeviceRank::State {
    Stream compute, copy;
    Event delta_made{cudaEventDisableTiming}, delta_copied{cudaEventDisableTiming};
    DeviceMemory pool = device_memory(pool_bytes);
    PinnedMemory mirror = pinned_memory(pool_bytes), cache = pinned_memory(pool_bytes), delivered = pinned_memory(pool_bytes);
    PoolMark mark;
    std::optional<StepShape> shape;
    std::optional<StepPlaces> places;
    std::optional<GraphRun> graph;  // Of this shape, at these places.
    std::int64_t graphs_captured = 0;

    StepMemory memory() {
        return {.shape = *shape, .places = *places, .pool = pool.get(), .cache = cache.get(), .delivered = delivered.get()};
    }
    StepStreams streams() { return {.compute = compute, .copy = copy, .delta_made = delta_made, .delta_copied = delta_copied}; }

    void place(const StepShape& next) {
        if (shape == next) return;
        graph.reset();
        shape = next;
        places.emplace(next);
        require(places->end <= pool_bytes, "a step of a check fits its pool");
    }

    // Fills the mirror, sends it to the pool, and marks what kernels may touch.
    void send(const StepInput& input, const StepBuffers& before) {
        std::byte* const to = mirror.get();
        std::memset(to, std::to_integer<int>(GuardedBytes::guard), places->end);
        put_part(to, places->router, input.router);
        put_part(to, places->range, std::array{input.range});
        put_part(to, places->slots, input.slots);
        put_part(to, places->plan, std::array{input.plan});
        put_part(to, places->spans, input.spans);
        put_part(to, places->prefix_count, std::array{input.prefix_count});
        put_part(to, places->prefix_slots, input.prefix_slots);
        put_part(to, places->tally, std::array{DeviceTally{}});
        put_part(to, places->step, before.step.all());
        put_part(to, places->side, before.side.all());
        put_part(to, places->delta, before.delta.all());
        put_part(to, places->prefix, before.prefix.all());
        require(input.cache.size() <= pool_bytes, "a cache of a check fits its memory");
        if (!input.cache.empty()) std::memcpy(cache.get(), input.cache.data(), input.cache.size());
        std::memset(delivered.get(), std::to_integer<int>(GuardedBytes::guard), StepPlaces::payload(places->delta).bytes);
        check(cudaMemcpyAsync(pool.get(), to, places->end, cudaMemcpyHostToDevice, compute), "copy to the device");
        mark.set({.begin = pool.get(), .bytes = pool_bytes}, places->parts_in_use(pool.get()));
    }
};

DeviceRank::DeviceRank() : state_(std::make_unique<State>()) {}
DeviceRank::~DeviceRank() = default;
std::int64_t DeviceRank::graphs_captured() const { return state_->graphs_captured; }

void DeviceRank::begin(const StepShape& shape, const StepInput& input, const StepBuffers& before, DeviceLaunch launch) {
    require_whole(shape, input);
    require(launch.twin == KernelTwin::none ||
                (shape.router_type == IdType::int32 && shape.step_type == IdType::uint8 && shape.side_type == IdType::uint8),
            "twins exist for int32 routers and uint8 buffers");
    state_->place(shape);
    state_->send(input, before);
    launch_step(state_->memory(), state_->streams(), launch);
}

void DeviceRank::begin_graph(const StepShape& shape, const StepInput& input, const StepBuffers& before) {
    require_whole(shape, input);
    state_->place(shape);
    state_->send(input, before);
    if (!state_->graph) {
        state_->graph.emplace(state_->compute, [&] { launch_step(state_->memory(), state_->streams(), {}); });
        ++state_->graphs_captured;
    }
    state_->graph->launch(state_->compute);
}

void DeviceRank::finish(StepBuffers& after) {
    State& state = *state_;
    require(state.places.has_value(), "a step was begun");
    state.compute.wait();
    state.mark.lift();
    const std::size_t begin = state.places->tally.offset;  // What lies before it are inputs.
    check(cudaMemcpyAsync(state.mirror.get() + begin, state.pool.get() + begin, state.places->end - begin, cudaMemcpyDeviceToHost,
                          state.compute),
          "copy from the device");
    state.compute.wait();
    take_part(state.mirror.get(), state.places->step, after.step);
    take_part(state.mirror.get(), state.places->side, after.side);
    take_part(state.mirror.get(), state.places->delta, after.delta);
    take_part(state.mirror.get(), state.places->prefix, after.prefix);
    const StepPlaces::Part delta = StepPlaces::payload(state.places->delta);
    after.delivered.assign(state.delivered.get(), state.delivered.get() + delta.bytes);
    DeviceTally tally{};
    std::memcpy(&tally, state.mirror.get() + begin, sizeof tally);
    after.tally = {.overflow_count = static_cast<std::int64_t>(tally.overflow_count),
                   .bad_row_count = static_cast<std::int64_t>(tally.bad_row_count)};
}

}  // namespace kv
