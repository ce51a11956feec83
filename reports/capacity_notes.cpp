#include "reports/capacity_notes.h"

#include "reports/explained.h"
#include "reports/numbers.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {

std::vector<std::string_view> reading_sentences() {
    return {
        "True is what fits by construction: an empty pool, prefix cache and drafts off, is filled by the engine's own rules with requests "
        "of "
        "one length, no two alike, one after another, until one is refused. n requests and p tokens of another are n x length + p tokens; "
        "n + p / length is the concurrency.",
        "Reported is the figure that the engine logs as its KV cache size. It does not depend on the length of the requests; what fits "
        "does, where some layers keep only a window or a state.",
        "Ratio is reported / true at the longest request that the engine takes. A figure is true within one block of the largest group "
        "that "
        "grows, which stands behind the verdict; below that it under-reports, above it over-reports.",
        "Where the memory goes is counted when as many requests as fit are idle. Pages of groups that grow hold tokens in proportion to "
        "the "
        "request, bounded groups a window, a chunk or a state. Padding is what a block takes and no page of it stores.",
    };
}

std::vector<EngineNote> engine_notes(const std::vector<CapacityAnswer>& answers) {
    std::vector<EngineNote> notes;
    const auto add = [&](std::string_view id, std::string_view meaning, std::string_view source) {
        if (std::ranges::find(notes, id, &EngineNote::id) == notes.end())
            notes.push_back({std::string(id), std::string(meaning), std::string(source)});
    };
    for (const CapacityAnswer& answer : answers) {
        for (const CapacityRow& row : answer.rows) {
            const std::size_t name_end = std::min(row.engine.find_first_of("+,"), row.engine.size());
            const auto engine = std::ranges::find(engines(), row.engine.substr(0, name_end), &Engine::name);
            if (engine != engines().end()) add(engine->name, engine->meaning, "");
            for (std::size_t at = name_end; at < row.engine.size() && row.engine[at] == '+';) {
                const std::size_t end = std::min(row.engine.find_first_of("+,", at + 1), row.engine.size());
                if (const Patch* patch = patch_named(row.engine.substr(at + 1, end - at - 1)))
                    add(patch->id, patch->meaning, patch->source);
                at = end;
            }
        }
    }
    return notes;
}

std::string memory_words(const std::vector<Bytes>& memory) {
    if (memory.empty()) return {};
    const bool alike = std::ranges::count(memory, memory.front()) == std::ssize(memory);
    std::string out;
    for (std::size_t i = 0; i < (alike ? 1 : memory.size()); ++i) out += (i == 0 ? "" : ", ") + human(memory[i]);
    return memory.size() == 1 ? out : fmt::format("{}{} of {} workers", out, alike ? " each" : "", memory.size());
}

}  // namespace kv
