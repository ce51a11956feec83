#include "kernels/device_step.cuh"

namespace kv {
namespace {

constexpr int lanes_in_flight = 4, ids_in_flight = 2;

// Calls with rows that are checked, or with rows that trust.
template <class Id, class Use>
void with_rows(RowChecks checks, Id* ids, std::int64_t row_count, Use use) {
    if (checks == RowChecks::trusted) use(TrustedRows<Id>{.ids = ids});
    else use(CheckedRows<Id>{.ids = ids, .row_count = row_count});
}

template <class Router, class Step, class Rule>
void capture_layers(const StepMemory& memory, cudaStream_t stream, RowChecks checks) {
    const StepShape& shape = memory.shape;
    auto* const step = memory.rows<Step>(memory.places.step);
    for (std::int64_t layer = 0; layer < shape.layer_count; ++layer) {
        const auto* const output = memory.ids<const Router>(memory.places.router) + layer * shape.router_rows * shape.topk;
        with_rows(checks, output, shape.router_rows, [&](auto router_rows) {
            using FromRows = decltype(router_rows);
            const auto launch = [&](auto step_rows) {
                const LayerCapture<FromRows, decltype(step_rows), Rule> move{.shape = {.layer = layer,
                                                                                       .layer_count = shape.layer_count,
                                                                                       .topk = shape.topk,
                                                                                       .shared = shape.shared,
                                                                                       .row_count_max = shape.step_rows},
                                                                             .range = memory.ids<const RowRange>(memory.places.range),
                                                                             .router_rows = router_rows,
                                                                             .step_rows = step_rows};
                launch_move<StreamingAccess, 1, ids_in_flight>(move, shape.step_rows, stream, memory.tally());
            };
            if constexpr (std::is_same_v<FromRows, TrustedRows<const Router>>) launch(TrustedRows<Step>{.ids = step});
            else launch(CheckedRows<Step>{.ids = step, .row_count = shape.step_rows});
        });
    }
}

template <int count, class Id, class Side, class Rule>
void scatter(const StepMemory& memory, cudaStream_t stream, RowChecks checks, std::int64_t row_width) {
    const StepShape& shape = memory.shape;
    with_rows(checks, memory.rows<Side>(memory.places.side), shape.side_rows, [&](auto side_rows) {
        const Scatter<Id, decltype(side_rows), Rule> move{.shape = {.token_count = shape.step_rows,
                                                                    .row_width = row_width,
                                                                    .side_row_count = shape.side_rows,
                                                                    .capture_group = shape.capture_group},
                                                          .slots = memory.ids<const std::int64_t>(memory.places.slots),
                                                          .step_rows = memory.rows<const Id>(memory.places.step),
                                                          .side_rows = side_rows};
        launch_move<StreamingAccess, count, lanes_in_flight>(move, shape.step_rows, stream, memory.tally());
    });
}

// Rows that stay as they are go as words of 16 bytes where a row is made of those, else byte by byte.
template <class Use>
void with_words(std::int64_t row_bytes, Use use) {
    if (row_bytes % 16 == 0) use.template operator()<std::uint32_t, 4>(row_bytes / 4);
    else use.template operator()<std::uint8_t, 1>(row_bytes);
}

template <class Side>
void scatter_narrowed(const StepMemory& memory, cudaStream_t stream, RowChecks checks) {
    const std::int64_t width = memory.shape.row_width();
    if (width % 4 == 0) scatter<4, std::int32_t, Side, ScatterRule>(memory, stream, checks, width);
    else scatter<1, std::int32_t, Side, ScatterRule>(memory, stream, checks, width);
}

void scatter_rows(const StepMemory& memory, cudaStream_t stream, RowChecks checks) {
    const StepShape& shape = memory.shape;
    if (shape.step_type == shape.side_type)
        with_words(shape.row_width() * bytes_of(shape.side_type), [&]<class Word, int count>(std::int64_t width) {
            scatter<count, Word, Word, ScatterRule>(memory, stream, checks, width);
        });
    else if (shape.side_type == IdType::uint8) scatter_narrowed<std::uint8_t>(memory, stream, checks);
    else scatter_narrowed<std::uint16_t>(memory, stream, checks);
}

void gather_delta(const StepMemory& memory, cudaStream_t stream) {
    const StepShape& shape = memory.shape;
    with_words(shape.row_width() * bytes_of(shape.step_type), [&]<class Word, int count>(std::int64_t width) {
        const DeltaGather<CheckedRows<const Word>, CheckedRows<Word>> move{
            .row_width = width,
            .plan = memory.ids<const DeltaPlan>(memory.places.plan),
            .spans = memory.ids<const RowSpan>(memory.places.spans),
            .step_rows = {.ids = memory.rows<const Word>(memory.places.step), .row_count = shape.step_rows},
            .delta_rows = {.ids = memory.rows<Word>(memory.places.delta), .row_count = shape.delta_rows}};
        launch_move<StreamingAccess, count, lanes_in_flight>(move, shape.delta_rows, stream, memory.tally());
    });
}

void hydrate(const StepMemory& memory, cudaStream_t stream) {
    const StepShape& shape = memory.shape;
    with_words(shape.row_width() * bytes_of(shape.side_type), [&]<class Word, int count>(std::int64_t width) {
        const Hydration<CheckedRows<const Word>, CheckedRows<Word>> move{
            .row_width = width,
            .row_count = memory.ids<const std::int64_t>(memory.places.prefix_count),
            .slot_of_row = memory.ids<const std::int64_t>(memory.places.prefix_slots),
            .cache_rows = {.ids = reinterpret_cast<const Word*>(memory.cache), .row_count = shape.cache_rows},
            .request_rows = {.ids = memory.rows<Word>(memory.places.prefix), .row_count = shape.prefix_rows}};
        launch_move<StreamingAccess, count, lanes_in_flight>(move, shape.prefix_rows, stream, memory.tally());
    });
}

void copy_delta(const StepMemory& memory, const StepStreams& streams) {
    const StepPlaces::Part delta = StepPlaces::payload(memory.places.delta);
    check(cudaEventRecord(streams.delta_made, streams.compute), "cudaEventRecord");
    check(cudaStreamWaitEvent(streams.copy, streams.delta_made, 0), "cudaStreamWaitEvent");
    check(cudaMemcpyAsync(memory.delivered, memory.pool + delta.offset, delta.bytes, cudaMemcpyDeviceToHost, streams.copy),
          "copy of the delta to the host");
    check(cudaEventRecord(streams.delta_copied, streams.copy), "cudaEventRecord");
}

void launch_captures(const StepMemory& memory, cudaStream_t stream, DeviceLaunch launch) {
    with_buffer_type(memory.shape.step_type, [&]<class Step>(Step) {
        if (memory.shape.router_type == IdType::int64) capture_layers<std::int64_t, Step, LayerCaptureRule>(memory, stream, launch.checks);
        else capture_layers<std::int32_t, Step, LayerCaptureRule>(memory, stream, launch.checks);
    });
}

// Both kernels with the rule of a twin; the one that it does not change has the right rule.
void launch_twin(const StepMemory& memory, cudaStream_t stream, KernelTwin twin) {
    with_capture_rule(twin,
                      [&]<class Rule>(Rule) { capture_layers<std::int32_t, std::uint8_t, Rule>(memory, stream, RowChecks::trusted); });
    with_scatter_rule(twin, [&]<class Rule>(Rule) {
        scatter<1, std::uint8_t, std::uint8_t, Rule>(memory, stream, RowChecks::trusted, memory.shape.row_width());
    });
}

}  // namespace

void launch_step(const StepMemory& memory, const StepStreams& streams, DeviceLaunch launch) {
    if (launch.twin == KernelTwin::none) {
        launch_captures(memory, streams.compute, launch);
        scatter_rows(memory, streams.compute, launch.checks);
    } else {
        launch_twin(memory, streams.compute, launch.twin);
    }
    gather_delta(memory, streams.compute);
    copy_delta(memory, streams);
    hydrate(memory, streams.compute);
    check(cudaStreamWaitEvent(streams.compute, streams.delta_copied, 0), "cudaStreamWaitEvent");
}

}  // namespace kv
