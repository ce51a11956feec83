#include "scenarios/settings_reader.h"

#include "model/contract.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace kv {
namespace {

// A reader of a section; nothing when the file does not have it.
std::optional<TableReader> section_of(const TableReader& parent, std::string_view name, std::string_view section) {
    const TomlTable* table = parent.table(name);
    if (table == nullptr) return std::nullopt;
    return TableReader(parent.source(), section, *table, parent.where(name));
}

void read_scheduler(const TableReader& section, Settings& settings) {
    Length length{settings.model_len_max};
    section.take("model_len_max", length);
    settings.model_len_max = length.tokens;
    settings.length = length.fitted ? LengthChoice::fitted_to_memory : LengthChoice::as_given;
    section.take("batched_max", settings.batched_max);
    section.take("sequences_max", settings.sequences_max);
    section.take("encoder_tokens_max", settings.encoder_tokens_max);
    section.take("encoder_input_max", settings.encoder_input_max);
    bool hybrid_manager = true;
    if (section.take("hybrid_manager", hybrid_manager))
        settings.hybrid_manager = hybrid_manager ? HybridManager::enabled : HybridManager::disabled;
    section.take("async", settings.async_scheduling);
    section.take("v2_runner", settings.v2_runner);
}

void read_draft(const TableReader& section, Drafting& drafting) {
    section.take("method", drafting.method);
    section.take("tokens", drafting.tokens);
    section.take("modules", drafting.modules);
    section.take("keeps_last_block", drafting.keeps_last_block);
    section.take("blocks", drafting.pool_blocks);
}

void read_cache(const TableReader& section, Settings& settings) {
    section.take("block", settings.block);
    section.take("prefix_caching", settings.prefix_caching);
    section.take("mamba_mode", settings.mamba_mode);
    section.take("layout", settings.layout);
    section.take("prefix_match_unit", settings.prefix_match_unit);
}

void read_parallel(const TableReader& section, Settings& settings) {
    section.take("tp", settings.parallel.tensor);
    section.take("pp", settings.parallel.pipeline);
    section.take("dcp", settings.parallel.decode_context);
    section.take("pcp", settings.parallel.prefill_context);
    section.take("interleave", settings.parallel.context_interleave);
}

}  // namespace

Sections::Sections(const TableReader& file)
    : model(section_of(file, "model", "model")),
      engine(section_of(file, "engine", "engine")),
      machine(section_of(file, "machine", "machine")),
      parallel(section_of(file, "parallel", "parallel")),
      scheduler(section_of(file, "scheduler", "scheduler")),
      cache(section_of(file, "cache", "cache")),
      capture(section_of(file, "capture", "capture")),
      workload(section_of(file, "workload", "workload")) {
    if (scheduler) draft = section_of(*scheduler, "draft", "scheduler.draft");
}

std::vector<const TomlValue*> tables_of(const TableReader& reader, std::string_view name) {
    constexpr std::size_t tables_max = 16384;
    constexpr std::size_t line_bytes_max = 16384;  // So that pointing at tables is quick, though all of them stand in one line.
    SourceText& source = reader.source();
    std::vector<const TomlValue*> tables = reader.tables(name);
    if (tables.size() > tables_max) {
        source.error(tables[tables_max]->where, "more than " + std::to_string(tables_max) + " tables of `" + std::string(name) + '`');
        return {};
    }
    const auto crowded = [&](const TomlValue* table) { return source.line_bytes(table->where) > line_bytes_max; };
    const auto found = std::ranges::find_if(tables, crowded);
    if (found == tables.end()) return tables;
    source.error((*found)->where, "a table of `" + std::string(name) + "` in a line of more than " + std::to_string(line_bytes_max) +
                                      " bytes: expected shorter lines");
    return {};
}

Settings read_settings(const Sections& sections) {
    Settings settings;
    if (sections.scheduler) read_scheduler(*sections.scheduler, settings);
    if (sections.draft) read_draft(*sections.draft, settings.drafting);
    if (sections.cache) read_cache(*sections.cache, settings);
    if (sections.parallel) read_parallel(*sections.parallel, settings);
    if (sections.machine) sections.machine->take("blocks", settings.blocks_override);
    return settings;
}

std::vector<std::size_t> even_stages(std::size_t layers, std::size_t stages) {
    require(stages > 0, "a pipeline has a stage");
    std::vector<std::size_t> counts(stages, layers / stages);
    for (std::size_t extra = 0; extra < layers % stages; ++extra) ++counts[stages - 2 - extra];
    ensure(std::accumulate(counts.begin(), counts.end(), std::size_t{0}) == layers, "every layer has one stage");
    return counts;
}

std::vector<std::size_t> read_stages(const Sections& sections, const Settings& settings, std::size_t layers) {
    const auto stages = static_cast<std::size_t>(settings.parallel.pipeline);
    std::vector<std::int64_t> counts;
    if (!sections.parallel || !sections.parallel->has("stages")) return even_stages(layers, stages);
    if (!sections.parallel->take("stages", counts)) return {};
    if (counts.size() != stages) {
        sections.parallel->error("stages", "names " + std::to_string(counts.size()) + " stages: expected pp = " + std::to_string(stages));
        return {};
    }
    const std::int64_t sum = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});  // At most 4096 counts of at most 16384.
    if (sum != static_cast<std::int64_t>(layers)) {
        sections.parallel->error("stages", "sums to " + std::to_string(sum) + " layers: the model has " + std::to_string(layers));
        return {};
    }
    return {counts.begin(), counts.end()};
}

}  // namespace kv
