// A thousand mistakes in the scenario files that there are: each is pointed at where it stands, and none passes or crashes.
#include "scenarios/text_file.h"
#include "tests/scenarios/scenario_mutations.h"
#include "tests/scenarios/scenario_text.h"

#include <gtest/gtest.h>

namespace kv::testing {
namespace {

std::string text_of(const std::string& file) { return std::get<std::string>(read_text_file(file, model_file_bytes_max)); }

bool points_at(const Diagnostics& errors, const Mutation& mutation) {
    const SourceSpan place = diagnostic_at("", mutation.text, mutation.offset, 1, {}).where;
    return std::ranges::any_of(errors, [&](const Diagnostic& error) {
        return error.where.line == place.line && (!mutation.same_column || error.where.column == place.column);
    });
}

TEST(ScenarioMutation, OfEveryKeyIsPointedAtWhereItStands) {
    std::size_t mistakes = 0;
    for (const std::string& file : scenario_files()) {
        for (const Mutation& mutation : Mutations::of(text_of(file))) {
            const auto read = read_scenario("case.toml", mutation.text);
            const auto* errors = std::get_if<Diagnostics>(&read);
            ++mistakes;
            ASSERT_TRUE(errors != nullptr) << file << ": " << mutation.key << ": mistake " << static_cast<int>(mutation.mistake);
            EXPECT_TRUE(points_at(*errors, mutation)) << file << ": " << mutation.key << ": " << to_text(*errors);
        }
    }
    EXPECT_GT(mistakes, 1000U);
}

// What a file cut at a place must still say: that it is cut, at its end or where what is open began.
void expect_places_in(const Diagnostics& errors, const std::string& text) {
    ASSERT_FALSE(errors.empty());
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    for (const Diagnostic& error : errors) {
        EXPECT_GE(error.where.line, 1U);
        EXPECT_LE(error.where.line, lines) << to_text(error);
        EXPECT_FALSE(error.message.empty());
    }
}

TEST(ScenarioMutation, ThatCutsAFileIsToldOrLeavesAWholeScenario) {
    constexpr std::size_t stride = 5;
    std::size_t told = 0;
    for (const std::string& file : scenario_files()) {
        const std::string text = text_of(file);
        for (std::size_t size = 0; size < text.size(); size += stride) {
            const std::string cut = text.substr(0, size);
            const auto read = read_scenario("case.toml", cut);
            if (const auto* errors = std::get_if<Diagnostics>(&read)) {
                expect_places_in(*errors, cut);
                ++told;
                continue;
            }
            const auto& scenario = std::get<Scenario>(read);  // The cut came after what every scenario needs.
            EXPECT_TRUE(!scenario.model.layers.names.empty() || !scenario.groups.empty() || scenario.config) << file << ": " << size;
            EXPECT_TRUE(!scenario.model.memory.empty() || scenario.model.settings.blocks_override) << file << ": " << size;
        }
    }
    EXPECT_GT(told, 1000U);
}

TEST(ScenarioMutation, ThatCutsInsideAStringIsToldInItsLine) {
    std::size_t strings = 0;
    for (const std::string& file : scenario_files()) {
        const std::string text = text_of(file);
        for (std::size_t at = text.find("= \""); at != std::string::npos; at = text.find("= \"", at + 1)) {
            const std::string cut = text.substr(0, at + 4);
            if (cut.back() == '"') continue;  // An empty string is whole.
            const auto read = read_scenario("case.toml", cut);
            ASSERT_TRUE(std::holds_alternative<Diagnostics>(read)) << file << ": " << at;
            const auto line = static_cast<std::size_t>(std::ranges::count(cut, '\n')) + 1;
            EXPECT_EQ(std::get<Diagnostics>(read).front().where.line, line) << file << ": " << to_text(std::get<Diagnostics>(read));
            EXPECT_EQ(std::get<Diagnostics>(read).size(), 1U) << file << ": a syntax error comes alone";
            ++strings;
        }
    }
    EXPECT_GT(strings, 100U);
}

}  // namespace
}  // namespace kv::testing
