// What really fits of a model under its settings, and what each engine and each patch says of it. Values only: reports/ puts them in words.
#pragma once

#include "harness/capacity_models.h"
#include "model/capacity_truth.h"
#include "model/capacity_verdict.h"
#include "model/engine.h"
#include "scenarios/workload_csv.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

struct LengthRange {
    Tokens least{1}, most{1};
};

struct CapacityQuestion {
    CapacityKnobs knobs = {};
    std::optional<LengthRange> lengths = {};  // Of the requests. None: up to the longest that the engine takes.
    double tolerance = 0;                     // A figure this far from the truth, as a share of it, is still called true.
    const Workload* workload = nullptr;
};

// An engine, and how it was spelled.
struct AskedEngine {
    std::string spelling;
    Engine engine;
};

// As released, each patch that touches reported tokens on the first, and `reference`.
std::vector<AskedEngine> default_engines();

// A figure beside the truth of the same pool.
struct JudgedFigure {
    Tokens truth = {};
    Tokens bound = {};  // A figure within it is true.
    Judgement judgement = {};
    bool is_true() const { return judgement.verdict == Verdict::is_true; }
};

struct CapacityPoint {
    Tokens length = {};
    CapacityOutcome outcome;
};

struct GroupUse {
    KvSpec spec;
    std::size_t layers = 0;
    bool bundle = false;
    bool grows = false;  // Holds more for every further block of tokens; else it is bounded.
    Bytes real_per_block = {};
};

// Where the memory of all workers goes when as many requests as fit are idle. The parts sum to the memory.
struct MemoryUse {
    Bytes memory = {};
    Bytes growing = {};  // Pages of groups that grow with the request, and ...
    Bytes bounded = {};  // ... of those that do not: windows, chunks, states.
    Bytes padding = {};  // What blocks that are held take and no page of theirs stores.
    Bytes null_block = {};
    Bytes free = {};  // Blocks that no further request fits into.
    Bytes rest = {};  // No whole block, or blocks that another worker has no memory for. Negative where blocks were given.
    double share(Bytes MemoryUse::*part) const;  // Of the memory; zero where there is none.
};

// A percentile of the workload's requests by length.
struct WorkloadPoint {
    std::string_view name;  // "p50", ..., "mean"
    CapacityPoint point;
};

// How many requests of a workload fit at once: taken in the order of the file from several starting points, as each comes.
struct WorkloadFit {
    std::vector<WorkloadPoint> points;
    std::int64_t requests = 0;  // Of the workload.
    std::int64_t too_long = 0;  // Of them, longer than the engine takes: left out.
    std::int64_t starts = 0;    // Starting points that were tried, and of these:
    std::int64_t fewest = 0, median = 0, most = 0;
    Tokens median_tokens = {};  // That the median case holds.
};

// What engines have in common that differ only in what they say: the pool, and what fits into it.
struct CapacityPool {
    std::string engine;  // The first one's spelling.
    Settings settings = {};
    Tokens model_len_max = {};  // After fitting.
    std::vector<Bytes> memory = {};
    std::string assumed = {};  // What nobody said, and was taken instead.
    Blocks blocks = {};
    Bytes block_bytes = {};  // Of all workers.
    std::vector<GroupUse> groups = {};
    std::optional<Refusal> refusal = {};  // Of the plan: nothing below is there then.
    std::vector<CapacityPoint> curve = {};
    std::size_t at = 0;  // The point of the curve that verdicts speak of.
    Tokens grain = {};   // How fine a figure at that point can be.
    std::optional<MemoryUse> memory_use = {};
    std::optional<WorkloadFit> workload = {};

    const CapacityPoint& point() const { return curve[at]; }
    const CapacityTruth* truth() const { return curve.empty() ? nullptr : std::get_if<CapacityTruth>(&point().outcome); }
};

struct CapacityRow {
    std::string engine;                    // As spelled.
    std::optional<std::size_t> pool = {};  // None: unavailable.
    std::optional<Unavailable> unavailable = {};
    std::optional<Capacity> said = {};
    std::optional<Refusal> refusal = {};      // Of the plan, or of the step that reports it.
    std::optional<JudgedFigure> judged = {};  // Where there is a figure and a truth.
};

struct CapacityAnswer {
    std::string model;
    CapacityQuestion question;
    std::vector<CapacityPool> pools;
    std::vector<CapacityRow> rows;  // One for each engine asked.

    bool any_answer() const;  // Not all unavailable because nobody stated or recorded it.
    bool all_true() const;    // No figure is false.
};

// A size that does not fit 64 bits is a diagnostic at the layer that has it.
std::variant<CapacityAnswer, Diagnostic> capacity_of(const CapacityModel& model, const std::vector<AskedEngine>& engines,
                                                     const CapacityQuestion& question);

}  // namespace kv
