// A capacity report as it is laid out for reading: answers by model, the one that stands for the model, and what was swept.
#pragma once

#include "harness/capacity_report.h"
#include "harness/input_file.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

// Where a report comes from.
struct ReportOrigin {
    std::string version;  // Of kvproof.
    std::string command;  // Makes the same report again, on the standard output.
    std::vector<InputFile> inputs;
};

struct SweptSetting {
    std::string name;
    std::vector<std::string> values;  // In the order in which they come.
};

struct ModelView {
    std::string name;
    std::vector<const CapacityAnswer*> answers;
    const CapacityAnswer* base = nullptr;  // The first with a truth; else the first.
    std::vector<SweptSetting> swept;       // Settings with more than one value.
};

std::vector<ModelView> model_views(const std::vector<CapacityAnswer>& answers);

// The rows of engines that are no patch of one above.
std::vector<std::size_t> engine_rows(const CapacityAnswer& answer);

// Whether the row of the engine that this row's patches already says why there is no figure.
bool said_above(const CapacityAnswer& answer, std::size_t row);

// The pools that have a truth, those alike in what `same` compares as one: the first stands for them, `engines` names all.
struct PoolView {
    const CapacityPool* pool;
    std::string engines;
};
std::vector<PoolView> pools_with_truth(const CapacityAnswer& answer, bool (*same)(const CapacityPool&, const CapacityPool&));
bool same_curve(const CapacityPool& one, const CapacityPool& other);
bool same_memory_use(const CapacityPool& one, const CapacityPool& other);

// The values of the settings that were swept, of one answer: "tp 2, kv-dtype fp8".
std::string setting_of(const CapacityAnswer& answer, std::string_view name);

// What was swept as a grid: the last setting across, the others down.
struct SweepGrid {
    std::vector<std::string> across;  // Values of the last setting.
    struct Line {
        std::string label;                           // Of the other settings.
        std::vector<const CapacityAnswer*> answers;  // One for each value across; null where there is none.
    };
    std::vector<Line> lines;
    std::string down_name, across_name;
};
std::optional<SweepGrid> sweep_grid(const ModelView& view);  // None: nothing was swept.

// How far from the truth a figure is, for tinting: -4 far below, 0 true, 4 far above. None: no figure.
std::optional<int> distance_step(const CapacityRow& row);

struct MemoryPart {
    std::string_view name, color;
    Bytes MemoryUse::*bytes;
};
std::vector<MemoryPart> memory_parts();  // In the order in which they are shown; together they are all.

}  // namespace kv
