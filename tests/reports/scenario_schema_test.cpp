// The published schema says what the reader reads.
#include "reports/scenario_schema.h"

#include "scenarios/text_file.h"
#include "tests/reports/schema_checker.h"
#include "tests/scenarios/scenario_mutations.h"
#include "tests/scenarios/scenario_text.h"

#include <gtest/gtest.h>

namespace kv::testing {
namespace {

Json json_of_value(const TomlValue& value);

Json json_of_table(const TomlTable& table) {
    Json out = Json::object();
    for (const TomlEntry& entry : table.entries) out[entry.key] = json_of_value(entry.value);
    return out;
}

Json json_of_value(const TomlValue& value) {
    if (const auto* flag = std::get_if<bool>(&value.value)) return *flag;
    if (const auto* whole = std::get_if<std::int64_t>(&value.value)) return *whole;
    if (const auto* real = std::get_if<double>(&value.value)) return *real;
    if (const auto* text = std::get_if<std::string>(&value.value)) return *text;
    if (const auto* table = std::get_if<TomlTable>(&value.value)) return json_of_table(*table);
    if (!std::holds_alternative<TomlArray>(value.value)) return nullptr;  // A time, which JSON does not have.
    Json out = Json::array();
    for (const TomlValue& item : std::get<TomlArray>(value.value).items) out.push_back(json_of_value(item));
    return out;
}

const Json& schema() {
    static const Json parsed = Json::parse(scenario_schema());
    return parsed;
}

bool fits(const std::string& text) {
    SourceText source("case.toml", text);
    const auto root = read_toml(source);
    return root && fits_schema(schema(), json_of_table(*root));
}

std::string text_of(const std::string& file) { return std::get<std::string>(read_text_file(file, model_file_bytes_max)); }

TEST(ScenarioSchema, TakesEveryFileThatTheReaderTakes) {
    std::size_t files = 0;
    for (const std::string& file : scenario_files()) {
        scenario_of(load_scenario(file));
        EXPECT_TRUE(fits(text_of(file))) << file;
        ++files;
    }
    EXPECT_GE(files, 16U);
}

TEST(ScenarioSchema, RefusesTheMistakesOfShapeThatTheReaderRefuses) {
    std::size_t mistakes = 0;
    for (const std::string& file : scenario_files())
        for (const Mutation& mutation : Mutations::of(text_of(file))) {
            if (!mutation.shape) continue;
            EXPECT_FALSE(fits(mutation.text)) << file << ": " << mutation.key << ": mistake " << static_cast<int>(mutation.mistake);
            ++mistakes;
        }
    EXPECT_GT(mistakes, 1000U);
}

// The schema of a section: a table's, or of the items of a list of tables.
const Json& schema_of(std::string_view section) {
    const Json* here = &schema();
    while (!section.empty()) {
        const std::size_t dot = std::min(section.find('.'), section.size());
        here = &(*here)["properties"][std::string(section.substr(0, dot))];
        if (here->contains("items")) here = &(*here)["items"];
        section.remove_prefix(std::min(dot + 1, section.size()));
    }
    return *here;
}

TEST(ScenarioSchema, HasEveryKeyWithItsMeaningAndDefaultAndNoOther) {
    std::set<std::string_view> sections;
    for (const Key& key : keys()) {
        sections.insert(key.section);
        const Json& section = schema_of(key.section);
        ASSERT_TRUE(section["properties"].contains(std::string(key.name))) << key.section << '.' << key.name;
        const Json& said = section["properties"][std::string(key.name)];
        EXPECT_TRUE(said["description"].get<std::string>().starts_with(key.meaning)) << key.name;
        EXPECT_EQ(said.contains("default"), !key.fallback.empty()) << key.name;
        if (said.contains("default")) {
            Json bare = said;
            bare.erase("default");
            EXPECT_TRUE(fits_schema(bare, said["default"])) << key.section << '.' << key.name;
        }
    }
    for (const std::string_view section : sections)
        EXPECT_EQ(schema_of(section)["properties"].size(), keys_of_section(section).size()) << section;
}

TEST(ScenarioSchema, SaysWhichDraftOfJsonSchemaItIs) {
    EXPECT_EQ(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ(schema()["required"], (std::vector<std::string>{"format", "model", "machine"}));
}

TEST(ScenarioSchema, TakesAndRefusesQuantitiesAsTheReaderDoes) {
    const auto with = [](const std::string& memory) {
        return "format = 1\n[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\n[machine]\nmemory = " +
               memory + '\n';
    };
    for (const char* const right : {"\"16 GiB\"", "\"3.18 GiB\"", "\"656 B\"", "\"1 byte\"", "[\"1 GB\", \"2 KiB\"]", "\"1GiB\""}) {
        EXPECT_TRUE(fits(with(right))) << right;
        SourceText source("case.toml", with(right));
        const TomlTable root = *read_toml(source);
        const TableReader machine(source, "machine", std::get<TomlTable>(root.find("machine")->value.value), {0, 1});
        std::vector<Bytes> sizes;
        EXPECT_TRUE(machine.take("memory", sizes)) << right;
    }
    for (const char* const wrong : {"16", "\"16\"", "\"16 GiBs\"", "\" 16 GiB\"", "\"16 GiB \"", "\"1,6 GiB\"", "\"-1 GiB\"", "[16]"}) {
        EXPECT_FALSE(fits(with(wrong))) << wrong;
        EXPECT_TRUE(std::holds_alternative<Diagnostics>(read_scenario("case.toml", with(wrong)))) << wrong;
    }
}

}  // namespace
}  // namespace kv::testing
