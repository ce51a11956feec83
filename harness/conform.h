// Compares the model with recorded answers of real engines. What is compared at a time is a unit: a line, or as many lines as belong
// together in a format (see harness/golden_formats.h).
#pragma once

#include "model/engine.h"
#include "scenarios/diagnostic.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kv {

struct FieldDifference {
    std::string field;     // "workers[].num_blocks": the same for every worker.
    std::string at;        // "workers[3].num_blocks": the first of them that differs.
    std::string recorded;  // Both as text; "absent" where there is none.
    std::string ours;
};

struct CaseResult {
    std::string id;
    std::size_t line = 0;
    bool known = true;  // False: of a format or of an engine that there is no model of; nothing was compared.
    std::vector<FieldDifference> differences;
    std::vector<FieldDifference> raised_in;  // Errors that agree but come from another function of the engine: told, not judged.
};

// A field in which cases of a file differ.
struct FieldSummary {
    FieldDifference first;
    std::string first_file;
    std::string first_id;
    std::size_t first_line = 0;
    std::size_t cases = 0;
};

struct ConformFile {
    std::string file;
    std::size_t agree = 0;
    std::size_t differ = 0;
    std::size_t not_known = 0;
    std::vector<FieldSummary> fields;  // In order of first appearance.
    Diagnostics diagnostics;           // Lines that could not be read are in none of the counts.
};

struct ConformOptions {
    std::optional<Engine> engine = {};                 // Instead of the engine that each unit names.
    std::string changes = {};                          // Or laid over that one: "+pr-37118,capture-group=first-full".
    std::function<void(const CaseResult&)> each = {};  // Called for every unit, in order.
};

ConformFile conform_file(const std::string& file, const ConformOptions& options);

// The sum over files, the same fields together.
ConformFile conform_total(const std::vector<ConformFile>& files);

}  // namespace kv
