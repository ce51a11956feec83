// Whatever loads as a scenario runs or is diagnosed: with every mistake that leaves it loadable, and with numbers at the ends of their
// ranges.
#include "harness/scenario_run.h"
#include "scenarios/text_file.h"
#include "tests/scenarios/scenario_mutations.h"

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kv::testing {
namespace {

constexpr RunLimits few{.work_max = 3'000'000};

// True: it ran, or what is wrong with it was told.
bool runs(const std::string& file, const std::string& text, std::string_view engine) {
    const auto read = read_scenario(file, text);
    const auto* scenario = std::get_if<Scenario>(&read);
    if (scenario == nullptr) return false;
    EventSink nobody;
    const auto ran = run_scenario(std::get<Engine>(engine_spelled(engine)), *scenario, nobody, few);
    if (const auto* errors = std::get_if<Diagnostics>(&ran)) {
        EXPECT_FALSE(errors->empty());
        for (const Diagnostic& error : *errors) EXPECT_FALSE(error.message.empty());
    } else {
        EXPECT_EQ(std::get<ScenarioRun>(ran).refusal.has_value(),
                  std::get<ScenarioRun>(ran).end >= RunEnd::fault && std::get<ScenarioRun>(ran).end != RunEnd::nothing_cached);
    }
    return true;
}

std::string text_of(const std::string& file) { return std::get<std::string>(read_text_file(file, model_file_bytes_max)); }

TEST(RunOfAScenario, ThatIsCutOffSomewhereRunsOrIsDiagnosed) {
    std::size_t ran = 0;
    for (const std::string& file : scenario_files()) {
        const std::string text = text_of(file);
        for (std::size_t size = text.find("\n[machine]"); size < text.size(); size = text.find('\n', size + 1))
            for (const char* engine : {"vllm-0.18.0", "reference"}) ran += runs(file, text.substr(0, size + 1), engine) ? 1 : 0;
    }
    EXPECT_GT(ran, 100U);
}

struct Knob {
    std::string_view section, key;
    std::vector<std::string> values;
};
const std::vector<Knob> all_knobs{
    {"model", "dense_first", {"1", "16384"}},
    {"model", "redundant_experts", {"65536"}},
    {"model.group", "block", {"\"1 token\"", "\"1099511627776 tokens\""}},
    {"model.group", "layers", {"16384"}},
    {"model.group", "columns", {"1", "1099511627776"}},
    {"machine", "blocks", {"1", "2", "1099511627776"}},
    {"parallel", "dp", {"2", "4096"}},
    {"parallel", "tp", {"4096"}},
    {"parallel", "pp", {"2", "4096"}},
    {"parallel", "dcp", {"2", "4096"}},
    {"parallel", "pcp", {"2", "4096"}},
    {"parallel", "micro_batches", {"2"}},
    {"parallel", "layout", {"\"local\"", "\"padded-gather\"", "\"gathered-shards\"", "\"shard\"", "\"graph-padded\""}},
    {"scheduler", "model_len_max", {"\"1 token\"", "\"1099511627776 tokens\""}},
    {"scheduler", "batched_max", {"\"1 token\"", "\"1099511627776 tokens\""}},
    {"scheduler", "sequences_max", {"1", "1048576"}},
    {"scheduler", "chunk_max", {"\"1 token\""}},
    {"scheduler", "graph_sizes", {"[1, 1048576]", "[4]"}},
    {"scheduler", "dp_padding", {"true"}},
    {"scheduler", "async", {"false"}},
    {"scheduler", "steps_max", {"1", "1099511627776"}},
    {"scheduler", "draft", {"{ method = \"mtp\", tokens = 3, modules = 2 }", "{ method = \"ngram\", tokens = 65536 }"}},
    {"cache", "prefix_caching", {"false"}},
    {"capture", "draft_first", {"0", "16384"}},
    {"capture", "routes_inside", {"true"}},
    {"request", "count", {"2048"}},
    {"request", "arrival", {"1099511627776"}},
    {"request", "every", {"1099511627776"}},
    {"request", "prompt", {"\"1 token\"", "\"1000000000 tokens\""}},
    {"request", "decode", {"\"0 tokens\"", "\"1000000000 tokens\""}},
    {"request", "encoder", {"\"1000000000 tokens\""}},
    {"request", "external", {"\"20 tokens\"", "\"16 tokens\""}},
    {"request", "external_steps", {"3", "1099511627776"}},
    {"request", "abort_at", {"1099511627776", "2"}},
};
const std::vector<std::string_view> sections{"model", "model.group", "machine", "parallel", "scheduler", "cache", "capture", "request"};

// A small scenario whose keys have other values.
std::string text_with(std::span<const std::pair<const Knob*, std::string>> set) {
    std::string out = "format = 1\n";
    for (const std::string_view section : sections) {
        const bool many = section == "model.group" || section == "request";
        out += (many ? "[[" : "[") + std::string(section) + (many ? "]]\n" : "]\n");
        std::vector<std::pair<std::string_view, std::string>> lines;
        if (section == "model") lines = {{"experts", "8"}, {"topk", "2"}};
        if (section == "model.group") lines = {{"kind", "\"full\""}, {"block", "\"16 tokens\""}, {"layers", "2"}};
        if (section == "machine") lines = {{"blocks", "40"}};
        if (section == "request") lines = {{"id", "\"r\""}, {"prompt", "\"20 tokens\""}, {"decode", "\"5 tokens\""}, {"count", "3"}};
        for (const auto& [knob, value] : set) {
            if (knob->section != section) continue;
            std::erase_if(lines, [&](const auto& line) { return line.first == knob->key; });
            lines.emplace_back(knob->key, value);
            if (knob->key == "draft_first") lines.emplace_back("draft_layers", "2");
            if (knob->key == "external_steps") lines.emplace_back("external", "\"20 tokens\"");
        }
        for (const auto& [key, value] : lines) out += std::string(key) + " = " + value + '\n';
    }
    return out;
}

// One number after another becomes the least and the largest that its key takes, alone and, of all pairs some, two at a time.
TEST(RunOfAScenario, WithNumbersAtTheEndsOfTheirRangesRunsOrIsDiagnosed) {
    const std::vector<Knob>& knobs = all_knobs;
    constexpr std::size_t every = 9;  // So that it takes seconds.
    std::size_t ran = 0, turn = 0;
    const std::array<std::string_view, 4> engines{"vllm-0.18.0", "vllm-0.32.0", "vllm-0.33.0", "reference"};
    for (std::size_t i = 0; i < knobs.size(); ++i)
        for (const std::string& one : knobs[i].values)
            for (std::size_t j = i; j < knobs.size(); ++j)
                for (const std::string& other : knobs[j].values) {
                    std::vector<std::pair<const Knob*, std::string>> set{{&knobs[i], one}};
                    if (i != j) set.emplace_back(&knobs[j], other);
                    const std::size_t now = turn++;
                    if (i != j && now % every != 0) continue;
                    ran += runs("case.toml", text_with(set), engines[now % engines.size()]) ? 1 : 0;
                }
    EXPECT_GT(ran, 150U);
}

}  // namespace
}  // namespace kv::testing
