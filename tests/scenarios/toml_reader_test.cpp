// Texts that are no TOML, or TOML that the library must not see: an error with a place, and never more than that.
#include "scenarios/toml_reader.h"

#include "scenarios/toml_scan.h"
#include "tests/scenarios/model_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kv::testing {
namespace {

std::string repeated(std::size_t times, const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

// The first error of a text.
std::string toml_error(const std::string& text) {
    const std::string all = errors_of(text);
    return all.substr(0, all.find('\n'));
}

constexpr const char* value_in_quotes = "expected a value: text and quantities stand in quotes, as in block = \"16 tokens\"";

TEST(TomlReader, SaysThatAKeyIsGivenTwice) {
    EXPECT_EQ(toml_error("format = 1\nformat = 1\n"), "2:1+6 `format` is given a second time");
    EXPECT_EQ(toml_error("[model]\n[machine]\n[model]\n"), "3:2+5 `model` is given a second time");
}

TEST(TomlReader, SaysWhereAFileEndsTooSoon) {
    EXPECT_EQ(toml_error("format = "), "1:10+1 the file ends in the middle of this: expected the rest of it");
    EXPECT_EQ(toml_error("[model"), "1:7+1 the file ends in the middle of this: expected the rest of it");
    EXPECT_EQ(toml_error("[model]\nname = \"gpt"), "2:8+4 the string is not closed: expected \" before the line ends");
    EXPECT_EQ(toml_error("stages = [1,\n"), "1:13+1 the file ends in the middle of this: expected the rest of it");
}

TEST(TomlReader, AsksForQuotes) {
    EXPECT_EQ(toml_error("block = 272 tokens"),
              "1:13+6 expected the end of the line: text and quantities stand in quotes, as in block = \"16 tokens\"");
    EXPECT_EQ(toml_error("kind = full"), std::string("1:8+4 ") + value_in_quotes);
    EXPECT_EQ(toml_error("kind = mamba"), std::string("1:8+5 ") + value_in_quotes);
    EXPECT_EQ(toml_error("kind = true_story"), std::string("1:8+10 ") + value_in_quotes);
}

TEST(TomlReader, RefusesNumbersThatDoNotFit) {
    EXPECT_EQ(toml_error("format = 99999999999999999999"), "1:10+20 this number does not fit 64 bits");
    EXPECT_EQ(toml_error("format = 1e999999"), "1:10+8 this number is too large or not a number");
    EXPECT_EQ(toml_error("format = " + std::string(100'000, '9')).substr(0, 12), "1:10+100000 ");
}

TEST(TomlReader, SaysWhatIsMissing) {
    EXPECT_EQ(toml_error("format 1"), "1:8+1 expected `=` and a value after the key");
    EXPECT_EQ(toml_error("[model\nname = \"x\""), "1:7+1 expected `]` here");
    EXPECT_EQ(toml_error("[]\n"), "1:2+1 expected a name between the brackets");
    EXPECT_EQ(toml_error("[[["), "1:3+1 expected a key: letters, digits, - and _");
}

TEST(TomlReader, RefusesBytesThatAreNotText) {
    EXPECT_EQ(toml_error("name = \"\xff\""), "1:9+1 this byte is not UTF-8: save the file as UTF-8");
    EXPECT_EQ(toml_error("# \xc3"), "1:3+1 this byte is not UTF-8: save the file as UTF-8");
    EXPECT_EQ(toml_error(std::string("format = 1\0", 11)), "1:11+1 a control character, which must not stand here: remove it");
    EXPECT_EQ(toml_error("name = \"\x1b[31m\""), "1:9+1 a control character, which must not stand here: remove it");
    EXPECT_EQ(toml_error("format = 1\r[model]"), "1:11+1 a control character, which must not stand here: remove it");
}

TEST(TomlReader, RefusesWhatTheLibraryMustNotSee) {
    EXPECT_EQ(toml_error("größe = 1"), "1:3+1 expected ASCII outside strings and comments: write text in quotes");
    EXPECT_EQ(toml_error("name = \"\"\"x\"\"\""), "1:8+3 a string stands on one line here: write it between single \" marks");
    EXPECT_EQ(toml_error("a" + repeated(15, ".a") + " = 1").substr(0, 28), "1:1+1 unknown key `a` in the");
    EXPECT_EQ(toml_error("a" + repeated(16, ".a") + " = 1"), "1:32+1 a key of more than 16 parts: no section here is that deep");
}

TEST(TomlReader, IsNotBroughtDownByDepth) {
    EXPECT_EQ(toml_error("a = " + std::string(100'000, '[')), "1:37+1 nested deeper than 32: expected fewer brackets");
    EXPECT_EQ(toml_error("a = " + repeated(100'000, "{a=")), "1:101+1 nested deeper than 32: expected fewer brackets");
    EXPECT_EQ(toml_error("a" + repeated(100'000, ".a") + " = 1"), "1:32+1 a key of more than 16 parts: no section here is that deep");
    EXPECT_EQ(toml_error("[a" + repeated(100'000, ".a") + "]"), "1:33+1 a key of more than 16 parts: no section here is that deep");
    EXPECT_EQ(toml_error("a = " + repeated(100'000, "[\n")), "33:1+1 nested deeper than 32: expected fewer brackets");
}

TEST(TomlReader, ReadsStringsCommentsAndUnicodeAsTheyAre) {
    SourceText source("f", "\"größe\" = 'C:\\x' # größe\nb = \"\\\"q\\\"\"\n");
    const auto table = read_toml(source);
    ASSERT_TRUE(table) << to_text(source.diagnostics());
    EXPECT_EQ(table->entries[0].key, "größe");
    EXPECT_EQ(std::get<std::string>(table->entries[0].value.value), "C:\\x");
    EXPECT_EQ(source.text(table->entries[0].value.where), "'C:\\x'");
    EXPECT_EQ(std::get<std::string>(table->entries[1].value.value), "\"q\"");
}

TEST(TomlReader, KeepsTheOrderOfTheFile) {
    SourceText source("f", "b = 1\na = { z = 1, y = [2, \"x\"] }\n");
    const auto table = read_toml(source);
    ASSERT_TRUE(table);
    EXPECT_EQ(table->entries[0].key, "b");
    const auto& inner = std::get<TomlTable>(table->entries[1].value.value);
    EXPECT_EQ(inner.entries[0].key, "z");
    EXPECT_EQ(source.text(inner.entries[1].value.where), "[2, \"x\"]");
}

TEST(ModelFileText, LargerThanFourMebibytesIsRefused) {
    EXPECT_EQ(errors_of(std::string(small_model) + std::string(model_file_bytes_max, '#')).substr(0, 39),
              "1:1+1 is larger than 4194304 bytes, the");
    EXPECT_EQ(errors_of(std::string(small_model) + '#' + std::string(model_file_bytes_max - small_model.size() - 1, 'x')), "none");
}

TEST(ModelFileText, OfManyErrorsTellsAHundred) {
    const std::string all = errors_of(repeated(50'000, "[[model.layer]]\n"));
    EXPECT_TRUE(all.ends_with("more kinds of layers") || all.find("more than 4096 kinds") != std::string::npos);
    const std::string unknown = errors_of("format = 1\n" + [] {
        std::string keys;
        for (int i = 0; i < 100'000; ++i) keys += 'k' + std::to_string(i) + " = 1\n";
        return keys;
    }());
    EXPECT_NE(unknown.find("more errors"), std::string::npos);
}

// Random bytes rarely get far, so they are strewn over a right file.
RC_GTEST_PROP(ModelFileText, WithAnyDamageIsReadOrRefused, ()) {
    std::string text(small_model);
    const int damages = *rc::gen::inRange(1, 6);
    for (int i = 0; i < damages; ++i) {
        const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size());
        const int what = *rc::gen::inRange(0, 4);
        if (what == 0) text.erase(at, *rc::gen::inRange<std::size_t>(1, 9));
        if (what == 1) text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
        if (what == 2)
            text.insert(at, *rc::gen::elementOf(
                                std::vector<std::string>{"[", "]", "{", "}", "\"", "'", "=", ".", ",", "\n", "#", "\\", "é", "1e9"}));
        if (what == 3) text.resize(at);
        if (text.empty()) break;
    }
    const auto read = read_model_file("case.toml", text);
    if (const auto* errors = std::get_if<Diagnostics>(&read)) RC_ASSERT(!to_text(*errors).empty());
}

}  // namespace
}  // namespace kv::testing
