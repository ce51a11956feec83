#include "harness/capture_conformity.h"

#include "harness/comparison.h"
#include "harness/refusal_conformity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace kv {
namespace {

// The written layers of a step buffer, cell by cell; empty cells were never written.
class CellBuffer {
public:
    explicit CellBuffer(const StepBufferShape& shape) : shape_(shape) {}

    void copy(const CopiedRows& copied, std::int64_t call, std::int64_t columns, std::span<const RowSegment> source) {
        std::vector<std::int64_t>& layer = layers_[copied.layer];
        layer.resize(static_cast<std::size_t>(shape_.rows * shape_.columns), untouched);
        std::int64_t row = 0;  // Of the source.
        for (const RowSegment& segment : source) {
            for (std::int64_t i = 0; i < segment.count; ++i, ++row) {
                const std::int64_t to = row - copied.first;
                if (to < 0 || to >= copied.count) continue;
                for (std::int64_t column = 0; column < shape_.columns; ++column)
                    layer[static_cast<std::size_t>((copied.buffer_first + to) * shape_.columns + column)] =
                        recorded_value({call, segment.rank, segment.first + i, columns == 1 ? 0 : column});
            }
        }
    }

    std::vector<RecordedLayer> runs() const {
        std::vector<RecordedLayer> layers;
        for (const auto& [layer, cells] : layers_) {
            RecordedLayer runs{.layer = layer};
            for (std::int64_t row = 0; row < shape_.rows; ++row)
                add_row(std::span(cells).subspan(static_cast<std::size_t>(row * shape_.columns), static_cast<std::size_t>(shape_.columns)),
                        row, runs);
            if (!runs.rows.empty() || !runs.odd.empty()) layers.push_back(std::move(runs));
        }
        return layers;
    }

private:
    static constexpr std::int64_t untouched = -1;

    static void add_row(std::span<const std::int64_t> cells, std::int64_t row, RecordedLayer& runs) {
        if (cells.front() == untouched) {
            if (!runs.untouched.empty() && runs.untouched.back()[0] + runs.untouched.back()[1] == row) ++runs.untouched.back()[1];
            else runs.untouched.push_back({row, 1});
            return;
        }
        const CapturedCell first = recorded_cell(cells.front());
        for (std::size_t column = 0; column < cells.size(); ++column) {
            if (cells[column] == recorded_value({first.call, first.rank, first.row, static_cast<std::int64_t>(column)})) continue;
            runs.odd.push_back({.row = row, .values = {cells.begin(), cells.end()}});
            return;
        }
        if (!runs.rows.empty()) {
            auto& [start, count, call, rank, from] = runs.rows.back();
            if (start + count == row && call == first.call && rank == first.rank && from + count == first.row) {
                ++count;
                return;
            }
        }
        runs.rows.push_back({row, 1, first.call, first.rank, first.row});
    }

    StepBufferShape shape_;
    std::map<std::int64_t, std::vector<std::int64_t>> layers_;
};

Dispatch dispatch_of(const GoldenCapture& golden, const RecordedCall& call) {
    return {.rank_tokens = call.rank_tokens,
            .shard_tokens = call.shard_tokens,
            .batch_tokens = call.batch_tokens,
            .batch_start = call.batch_start.value_or(0),
            .dp_rank = golden.dp_rank,
            .tp_size = golden.tp_size};
}

// The tensors of all workers joined: one that is given once is every worker's.
std::vector<RowSegment> joined_tensors(const RecordedCall& call, std::int64_t workers) {
    std::vector<RowSegment> joined;
    for (std::int64_t worker = 0; worker < workers; ++worker) {
        const std::vector<RowSegment>& tensor = call.tensors[call.tensors.size() == 1 ? 0 : static_cast<std::size_t>(worker)];
        joined.insert(joined.end(), tensor.begin(), tensor.end());
    }
    return joined;
}

class CaptureComparison {
public:
    CaptureComparison(const GoldenCapture& golden, const Engine& engine)
        : golden_(golden), engine_(engine), cells_(golden.buffer.value_or(StepBufferShape{})) {}

    CaseResult result() {
        for (std::size_t i = 0; i < golden_.calls.size(); ++i) {
            const Comparison::Scope scope(comparison_, "calls", i);
            call(golden_.calls[i], static_cast<std::int64_t>(i), golden_.outcomes[i]);
        }
        compare_layers();
        return {.id = golden_.id, .differences = comparison_.differences(), .raised_in = std::move(raised_in_)};
    }

private:
    void call(const RecordedCall& call, std::int64_t index, const GoldenCapture::CallOutcome& recorded) {
        const std::vector<RowSegment>& own = call.tensors[call.tensors.size() == 1 ? 0 : static_cast<std::size_t>(golden_.tp_rank)];
        const std::int64_t shared = call.tensors.size() == 1 ? golden_.tp_size : 1;
        std::int64_t workers_rows = 0;
        for (const auto& tensor : call.tensors) workers_rows = checked_add(workers_rows, checked_mul(shared, rows_of(tensor)));
        const Captured captured =
            capture_call(engine_, golden_.buffer, {.layer = call.layer, .rows = rows_of(own), .columns = call.columns},
                         dispatch_of(golden_, call), workers_rows);
        comparison_.value("all_gathers", recorded.all_gathers, std::int64_t{captured.gathered ? 1 : 0});
        if (const auto* copied = std::get_if<CopiedRows>(&captured.outcome))
            cells_.copy(*copied, index, call.columns, copied->from_all_workers ? joined_tensors(call, golden_.tp_size) : own);
        compare_exception(recorded.exception, std::get_if<Refusal>(&captured.outcome));
    }

    void compare_exception(const std::optional<RecordedException>& recorded, const Refusal* ours) {
        const Comparison::Scope scope(comparison_, "exception");
        if (!recorded || ours == nullptr) {
            if (recorded || ours != nullptr)
                comparison_.differ("", recorded ? recorded->type + ": " + recorded->message : "none", ours ? refusal_text(*ours) : "none");
            return;
        }
        const RecordedError error{
            .type = recorded->type, .message = recorded->message, .raised_in = std::string(ours->raised_in), .check = {}};
        compare_refusal(error, *ours, comparison_, raised_in_);
    }

    void compare_layers() {
        const std::vector<RecordedLayer> ours = cells_.runs();
        const auto numbers = [](const std::vector<RecordedLayer>& layers) {
            std::vector<std::int64_t> ids;
            for (const RecordedLayer& layer : layers) ids.push_back(layer.layer);
            return ids;
        };
        if (numbers(golden_.layers) != numbers(ours)) {
            comparison_.differ("layers", fmt::format("{}", numbers(golden_.layers)), fmt::format("{}", numbers(ours)));
            return;
        }
        for (std::size_t i = 0; i < ours.size(); ++i) {
            const Comparison::Scope scope(comparison_, "layers", i);
            compare_layer(golden_.layers[i], ours[i]);
        }
        compare_untouched(ours);
    }

    void compare_layer(const RecordedLayer& recorded, const RecordedLayer& ours) {
        if (recorded.rows != ours.rows) comparison_.differ("rows", fmt::format("{}", recorded.rows), fmt::format("{}", ours.rows));
        if (recorded.untouched != ours.untouched)
            comparison_.differ("untouched", fmt::format("{}", recorded.untouched), fmt::format("{}", ours.untouched));
        if (recorded.odd == ours.odd) return;
        const auto text = [](const std::vector<RecordedLayer::Odd>& odd) {
            std::string all;
            for (const auto& [row, values] : odd) all += fmt::format("[{}, {}]", row, values);
            return all;
        };
        comparison_.differ("odd", text(recorded.odd), text(ours.odd));
    }

    void compare_untouched(const std::vector<RecordedLayer>& written) {
        std::vector<std::int64_t> untouched;
        const std::int64_t layers = golden_.buffer ? golden_.buffer->layers : 0;
        auto next = written.begin();
        for (std::int64_t layer = 0; layer < layers; ++layer) {
            if (next != written.end() && next->layer == layer) ++next;
            else untouched.push_back(layer);
        }
        if (untouched != golden_.untouched_layers)
            comparison_.differ("untouched_layers", fmt::format("{}", golden_.untouched_layers), fmt::format("{}", untouched));
    }

    const GoldenCapture& golden_;
    const Engine& engine_;
    CellBuffer cells_;
    Comparison comparison_;
    std::vector<FieldDifference> raised_in_;
};

}  // namespace

CaseResult compare_capture(const GoldenCapture& golden, const Engine& engine) { return CaptureComparison(golden, engine).result(); }

bool recognises_capture(JsonValue line) { return is_golden_capture(line); }

std::optional<CaseResult> compare_capture_line(GoldenLines& lines, const ConformOptions& options) {
    return compare_line(lines, options, golden_capture_engine(lines.value()), read_golden_capture, compare_capture);
}

}  // namespace kv
