// The table of keys says what the reader does.
#include "scenarios/keys.h"

#include "scenarios/scenario.h"
#include "scenarios/text_file.h"
#include "scenarios/toml_reader.h"
#include "tests/scenarios/model_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <tuple>

namespace kv::testing {
namespace {

std::string name_of_key(const Key& key) { return std::string(key.section) + '.' + std::string(key.name); }

TEST(Keys, AreDifferentFromEachOtherInTheirSection) {
    std::set<std::string> seen;
    for (const Key& key : keys()) {
        EXPECT_TRUE(seen.insert(name_of_key(key)).second) << name_of_key(key);
        EXPECT_FALSE(key.meaning.empty()) << name_of_key(key);
    }
}

TEST(Keys, OfASectionHangOnAKeyOfAnother) {
    std::set<std::string> sections{""};
    for (const Key& key : keys())
        if (key.form == Form::table || key.form == Form::tables)
            sections.insert(key.section.empty() ? std::string(key.name) : name_of_key(key));
    for (const Key& key : keys()) EXPECT_TRUE(sections.contains(std::string(key.section))) << name_of_key(key);
}

TEST(Keys, HaveARangeWhereTheyHaveNumbers) {
    for (const Key& key : keys()) {
        const bool numbers = key.form == Form::count || key.form == Form::tokens || key.form == Form::bytes || key.form == Form::fraction ||
                             key.form == Form::length || key.form == Form::span || key.form == Form::stride || key.form == Form::sizes ||
                             key.form == Form::counts;
        EXPECT_EQ(numbers, key.most > 0) << name_of_key(key);
        EXPECT_EQ(key.form == Form::choice, !key.choices.empty()) << name_of_key(key);
        EXPECT_EQ(key.required & ~key.kinds, 0U) << name_of_key(key);
    }
}

TEST(Keys, NameTheKindsAsTheModelDoes) {
    const std::vector<KvSpec> one_of_each{FullSpec{},
                                          SinkFullSpec{},
                                          RswaSpec{},
                                          MlaSpec{},
                                          HiddenStateSpec{},
                                          SlidingWindowSpec{},
                                          SlidingWindowMlaSpec{},
                                          ChunkedLocalSpec{},
                                          CircularBufferSpec{},
                                          MambaSpec{},
                                          EncoderOnlySpec{},
                                          CrossSpec{},
                                          CustomSpec{}};
    ASSERT_EQ(kind_names().size(), one_of_each.size());
    for (std::size_t i = 0; i < one_of_each.size(); ++i) EXPECT_EQ(kind_names()[i], kind_of(one_of_each[i]));
}

TEST(Keys, NameQuantisationsAsTheModelDoes) {
    const auto choices = find_key("model.layer", "quant")->choices;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        std::string upper(choices[i]);
        std::ranges::transform(upper, upper.begin(), [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
        EXPECT_EQ(upper, name_of(static_cast<QuantMode>(i)));
    }
}

// The keys that a file has, by section.
void collect(const TomlTable& table, const std::string& section, std::set<std::string>& found) {
    for (const TomlEntry& entry : table.entries) {
        found.insert(section + '.' + entry.key);
        const std::string inner = section.empty() ? entry.key : section + '.' + entry.key;
        if (const auto* under = std::get_if<TomlTable>(&entry.value.value); under != nullptr && entry.key != "rules")
            collect(*under, inner, found);
        if (const auto* list = std::get_if<TomlArray>(&entry.value.value))
            for (const TomlValue& item : list->items)
                if (const auto* row = std::get_if<TomlTable>(&item.value)) collect(*row, inner, found);
    }
}

TEST(Keys, AreAllReadInTheFilesThatHaveThemAll) {
    std::set<std::string> found;
    for (const std::string_view name : {"fuzz/corpus/model_file_fuzz/every_key.toml", "scenarios/files/recorded-hour.toml"}) {
        const std::string file = KV_SOURCE_DIR "/tests/" + std::string(name);
        const auto read = load_scenario(file);
        if (const auto* errors = std::get_if<Diagnostics>(&read)) FAIL() << to_text(*errors);
        SourceText source(file, std::get<std::string>(read_text_file(file, model_file_bytes_max)));
        collect(*read_toml(source), "", found);
    }
    for (const Key& key : keys()) {
        const bool of_group = key.section.starts_with("model.group") || name_of_key(key) == "model.group";
        EXPECT_TRUE(of_group || found.contains(name_of_key(key))) << name_of_key(key);
    }
}

TEST(Keys, OfAGroupAreThoseOfALayerAndItsColumns) {
    const std::vector<std::string_view> of_layer = names_of_section("model.layer");
    std::vector<std::string_view> expected = of_layer;
    expected.push_back("columns");
    EXPECT_EQ(names_of_section("model.group"), expected);
    for (const std::string_view name : of_layer) {
        const Key& layer = *find_key("model.layer", name);
        const Key& group = *find_key("model.group", name);
        EXPECT_EQ(std::tuple(group.form, group.least, group.most, group.kinds),
                  std::tuple(layer.form, layer.least, layer.most, layer.kinds));
        EXPECT_EQ(group.required & ~layer.required, 0U) << name;
    }
}

auto fields(const Settings& s) {
    return std::tuple(s.model_len_max, s.length, s.batched_max, s.sequences_max, s.encoder_tokens_max, s.encoder_input_max, s.block,
                      s.parallel.tensor, s.parallel.pipeline, s.parallel.decode_context, s.parallel.prefill_context, s.blocks_override,
                      s.hybrid_manager, s.mamba_mode, s.prefix_caching, s.drafting.modules, s.drafting.keeps_last_block, s.layout,
                      s.async_scheduling, s.v2_runner, s.model_type, s.prefix_match_unit);
}

TEST(Keys, FallBackToTheEnginesDefaults) {
    for (const Key& key : keys()) {
        const bool of_settings = key.section == "parallel" || key.section == "scheduler" || key.section == "cache";
        if (key.fallback.empty() || !of_settings) continue;
        const ModelFile model = model_of(std::string(small_model) + '[' + std::string(key.section) + "]\n" + std::string(key.name) + " = " +
                                         std::string(key.fallback) + '\n');
        EXPECT_TRUE(fields(model.settings) == fields(Settings{})) << name_of_key(key);
    }
}

// A layer of a kind with what it must have.
std::string layer_of(std::size_t kind) {
    std::string lines = "id = \"a\"\nkind = \"" + std::string(kind_names()[kind]) + "\"\n";
    for (const Key& key : keys()) {
        if (key.section != "model.layer" || (key.required >> kind & 1) == 0 || key.name == "id" || key.name == "kind") continue;
        lines += std::string(key.name) + " = ";
        if (key.form == Form::tables) lines += "[{ shape = [2, 3] }]\n";
        if (key.form == Form::count) lines += "16\n";
        if (key.form == Form::tokens) lines += "\"16 tokens\"\n";
        if (key.form == Form::bytes) lines += "\"16 B\"\n";
    }
    return lines;
}

TEST(Keys, OfALayerFallBackToTheDefaultsOfItsSpec) {
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
        const KvSpec plain = spec_of(layer_of(kind));
        EXPECT_EQ(kind_of(plain), kind_names()[kind]);
        for (const Key& key : keys()) {
            const bool fits = (key.kinds >> kind & 1) != 0;
            const bool required = (key.required >> kind & 1) != 0;
            const bool own_fallback = key.name == "tokens_per_state" && plain.index() == KvSpec(MambaSpec{}).index();
            const bool names_the_type = key.name == "cache" && kind_names()[kind] != "circular_buffer" && kind >= 3 &&
                                        (kind <= 4 || kind == 6);  // Latent kinds keep its name.
            if (key.section != "model.layer" || key.fallback.empty() || !fits || required || own_fallback || names_the_type) continue;
            EXPECT_EQ(spec_of(layer_of(kind) + std::string(key.name) + " = " + std::string(key.fallback)), plain)
                << kind_names()[kind] << ' ' << key.name;
        }
    }
}

}  // namespace
}  // namespace kv::testing
