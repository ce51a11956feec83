// The sections of a scenario file, and what [scheduler], [cache], [parallel] and [machine] set for an engine.
#pragma once

#include "model/settings.h"
#include "scenarios/table_reader.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace kv {

struct Sections {  // The readers of a file's sections; empty where the file has none.
    explicit Sections(const TableReader& file);
    std::optional<TableReader> model, engine, machine, parallel, scheduler, draft, cache, capture, workload;
};

// The tables under `name`. More of them than a scenario has, or too many in one line, are an error, and then there are none.
std::vector<const TomlValue*> tables_of(const TableReader& reader, std::string_view name);

Settings read_settings(const Sections& sections);

// Layers of each pipeline stage: as [parallel] stages says, or divided as vLLM does it. Empty after an error.
std::vector<std::size_t> read_stages(const Sections& sections, const Settings& settings, std::size_t layers);

// Mirrors get_pp_indices of vllm/distributed/utils.py: what does not divide goes to the stages before the last, the last of them
// first. 62 layers over 4 stages are 15, 16, 16, 15.
std::vector<std::size_t> even_stages(std::size_t layers, std::size_t stages);

}  // namespace kv
