#include "kernels/host.h"

#include "kernels/hydration_body.h"
#include "kernels/move_body.h"
#include "kernels/recording_rows.h"
#include "model/contract.h"

#include <utility>

namespace kv {
namespace {

// One look at its row, then lanes: as wide as the narrow side fills 16 bytes.
template <class Id>
constexpr int ids_a_lane = 16 / sizeof(Id);

template <int count, class Move>
void move_all(const Move& move, Tally& tally) {
    for (std::int64_t row = 0; row < move.rows(); ++row) move_row<count>(move, row, tally);
}

template <class Id>
RecordingRows<Id> rows_of(std::span<Id> ids, std::int64_t width, BadRows& bad) {
    const auto row_count = static_cast<std::int64_t>(ids.size()) / width;
    require(row_count * width == std::ssize(ids), "a buffer holds whole rows");
    return {.ids = ids, .width = width, .row_count = row_count, .bad = &bad};
}

template <class Id, class Narrow>
CaptureResult scatter(CaptureShape shape, const std::int64_t* slots, const Id* step_rows, std::span<Narrow> rows) {
    BadRows bad;
    Tally tally;
    const auto side_rows = rows_of(rows, shape.row_width, bad);
    move_all<ids_a_lane<Narrow>>(
        Scatter<Id, RecordingRows<Narrow>>{
            .shape = {.token_count = shape.token_count, .row_width = shape.row_width, .side_row_count = side_rows.row_count},
            .slots = slots,
            .step_rows = step_rows,
            .side_rows = side_rows},
        tally);
    return {.overflow_count = tally.overflow_count, .bad_slot_count = tally.bad_row_count, .bad_slots = std::move(bad.first)};
}

// The bytes as ids of a type; they lie where vectors begin, at multiples of every type's size.
template <class Id>
std::span<Id> as_ids(std::span<std::byte> bytes) {
    return {reinterpret_cast<Id*>(bytes.data()), bytes.size() / sizeof(Id)};
}
template <class Id>
std::span<const Id> as_ids(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const Id*>(bytes.data()), bytes.size() / sizeof(Id)};
}

class StepRun {
public:
    StepRun(const StepShape& shape, const StepInput& input, StepBuffers& buffers, KernelTwin twin)
        : shape_(shape), input_(input), buffers_(buffers), twin_(twin) {}

    HostStep all() {
        with_buffer_type(shape_.step_type, [&]<class Step>(Step) {
            if (shape_.router_type == IdType::int64) capture_layers<std::int64_t, Step>();
            else capture_layers<std::int32_t, Step>();
            with_buffer_type(shape_.side_type, [&]<class Side>(Side) {
                if constexpr (std::is_same_v<Step, Side> || std::is_same_v<Step, std::int32_t>) scatter_rows<Step, Side>();
            });
            gather<Step>();
        });
        with_buffer_type(shape_.side_type, [&]<class Side>(Side) { hydrate<Side>(); });
        const auto delta = buffers_.delta.payload();
        buffers_.delivered.assign(delta.begin(), delta.end());
        return std::move(told_);
    }

private:
    template <class Router, class Step>
    void capture_layers() {
        const auto router = as_ids<const Router>(std::span<const std::byte>(input_.router));
        const auto layer_ids = static_cast<std::size_t>(shape_.router_rows * shape_.topk);
        const auto step = as_ids<Step>(buffers_.step.payload());
        for (std::int64_t layer = 0; layer < shape_.layer_count; ++layer) {
            const LayerShape layer_shape{.layer = layer,
                                         .layer_count = shape_.layer_count,
                                         .topk = shape_.topk,
                                         .shared = shape_.shared,
                                         .row_count_max = shape_.step_rows};
            const auto output = router.subspan(static_cast<std::size_t>(layer) * layer_ids, layer_ids);
            with_capture_rule(twin_, [&]<class Rule>(Rule) {
                const RecordingRows<const Router> from{
                    .ids = output, .width = shape_.topk, .row_count = shape_.router_rows, .bad = &told_.read};
                const RecordingRows<Step> to{.ids = step, .width = shape_.topk, .row_count = shape_.step_rows, .bad = &told_.written};
                move_all<1>(
                    LayerCapture<RecordingRows<const Router>, RecordingRows<Step>, Rule>{
                        .shape = layer_shape, .range = &input_.range, .router_rows = from, .step_rows = to},
                    buffers_.tally);
            });
        }
    }

    template <class Step, class Side>
    void scatter_rows() {
        const auto side = rows_of(as_ids<Side>(buffers_.side.payload()), shape_.row_width(), told_.written);
        with_scatter_rule(twin_, [&]<class Rule>(Rule) {
            move_all<ids_a_lane<Side>>(Scatter<Step, RecordingRows<Side>, Rule>{.shape = {.token_count = shape_.step_rows,
                                                                                          .row_width = shape_.row_width(),
                                                                                          .side_row_count = shape_.side_rows,
                                                                                          .capture_group = shape_.capture_group},
                                                                                .slots = input_.slots.data(),
                                                                                .step_rows = as_ids<Step>(buffers_.step.payload()).data(),
                                                                                .side_rows = side},
                                       buffers_.tally);
        });
    }

    template <class Step>
    void gather() {
        const auto step = rows_of(as_ids<const Step>(std::as_const(buffers_.step).payload()), shape_.row_width(), told_.read);
        const auto delta = rows_of(as_ids<Step>(buffers_.delta.payload()), shape_.row_width(), told_.written);
        move_all<ids_a_lane<Step>>(DeltaGather<RecordingRows<const Step>, RecordingRows<Step>>{.row_width = shape_.row_width(),
                                                                                               .plan = &input_.plan,
                                                                                               .spans = input_.spans.data(),
                                                                                               .step_rows = step,
                                                                                               .delta_rows = delta},
                                   buffers_.tally);
    }

    template <class Side>
    void hydrate() {
        const auto cache = rows_of(as_ids<const Side>(std::span<const std::byte>(input_.cache)), shape_.row_width(), told_.read);
        const auto prefix = rows_of(as_ids<Side>(buffers_.prefix.payload()), shape_.row_width(), told_.written);
        move_all<ids_a_lane<Side>>(Hydration<RecordingRows<const Side>, RecordingRows<Side>>{.row_width = shape_.row_width(),
                                                                                             .row_count = &input_.prefix_count,
                                                                                             .slot_of_row = input_.prefix_slots.data(),
                                                                                             .cache_rows = cache,
                                                                                             .request_rows = prefix},
                                   buffers_.tally);
    }

    const StepShape& shape_;
    const StepInput& input_;
    StepBuffers& buffers_;
    KernelTwin twin_;
    HostStep told_;
};

}  // namespace

template <ExpertElement Narrow>
CaptureResult capture_on_host(const CaptureStep& step, std::span<Narrow> rows) {
    require_whole(step);
    return scatter(step.shape, step.slot_of_token.data(), step.expert_ids.data(), rows);
}

template CaptureResult capture_on_host(const CaptureStep&, std::span<std::uint8_t>);
template CaptureResult capture_on_host(const CaptureStep&, std::span<std::uint16_t>);
template CaptureResult capture_on_host(const CaptureStep&, std::span<std::int32_t>);

CaptureResult copy_rows_on_host(CaptureShape shape, std::span<const std::int64_t> slot_of_token, std::span<const std::uint8_t> step_rows,
                                std::span<std::uint8_t> rows) {
    require(shape.row_width > 0 && std::ssize(slot_of_token) == shape.token_count &&
                std::ssize(step_rows) == shape.token_count * shape.row_width,
            "every token has a slot or PAD, and a whole row");
    return scatter(shape, slot_of_token.data(), step_rows.data(), rows);
}

HostStep step_on_host(const StepShape& shape, const StepInput& input, StepBuffers& buffers, KernelTwin twin) {
    require_whole(shape, input);
    return StepRun(shape, input, buffers, twin).all();
}

}  // namespace kv
