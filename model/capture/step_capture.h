// One call of a router, from its tensor to the step buffer: rows x layers x top-k ids, of which the call writes one layer.
#pragma once

#include "model/engine.h"

#include <cstdint>
#include <optional>
#include <variant>

namespace kv {

struct StepBufferShape {
    std::int64_t rows = 0;
    std::int64_t layers = 0;
    std::int64_t columns = 0;  // top-k.
};

// What is copied: `count` rows of the buffer from `buffer_first` on. One source column may stand for all.
struct CopiedRows {
    bool from_all_workers = false;
    std::int64_t layer = 0;
    std::int64_t buffer_first = 0;
    std::int64_t count = 0;
    std::int64_t first = 0;  // Of the source.
    bool one_column_for_all = false;
    friend bool operator==(const CopiedRows&, const CopiedRows&) = default;
};

struct Captured {
    bool gathered = false;  // The workers were asked for their shards, whatever came of it.
    std::variant<CopiedRows, RowsSkipped, Refusal> outcome = RowsSkipped{};
};

// Without a buffer, which is made after the model, any call is refused. `workers_rows` is the number of rows of all tensor-parallel
// workers' tensors together, looked at where they are joined.
Captured capture_call(const Engine& engine, const std::optional<StepBufferShape>& buffer, const RouterCall& call, const Dispatch& dispatch,
                      std::int64_t workers_rows);

}  // namespace kv
