#include "scenarios/json.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace kv {
namespace {

Diagnostics errors_of(std::string text) {
    const auto read = read_json({.file = "case.json", .text = std::move(text)});
    const auto* errors = std::get_if<Diagnostics>(&read);
    return errors == nullptr ? Diagnostics{} : *errors;
}

JsonDocument document_of(std::string text) {
    auto read = read_json({.file = "case.json", .text = std::move(text)});
    if (const auto* errors = std::get_if<Diagnostics>(&read)) ADD_FAILURE() << to_text(*errors);
    return std::move(std::get<JsonDocument>(read));
}

// "line:column message" of the only error.
std::string error_of(const std::string& text) {
    const Diagnostics errors = errors_of(text);
    if (errors.size() != 1) return std::to_string(errors.size()) + " errors";
    const SourceSpan& where = errors.front().where;
    return std::to_string(where.line) + ":" + std::to_string(where.column) + " " + errors.front().message;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, KeepsEveryValueWithItsKindAndSpelling) {
    const JsonDocument document = document_of(R"( {"a": [1, -2.50, "x\u00e9\n", true, false, null], "b": {}} )");
    const JsonValue root = document.root();
    EXPECT_EQ(root.size(), 2U);
    const std::vector<JsonValue> values = root.member("a")->elements();
    ASSERT_EQ(values.size(), 6U);
    EXPECT_EQ(values[0].integer(), 1);
    EXPECT_EQ(values[1].number(), -2.5);
    EXPECT_EQ(values[1].spelling(), "-2.50");
    EXPECT_EQ(values[2].string(), "x\u00e9\n");
    EXPECT_EQ(values[2].spelling(), R"("x\u00e9\n")");
    EXPECT_TRUE(values[3].boolean());
    EXPECT_FALSE(values[4].boolean());
    EXPECT_EQ(values[5].kind(), JsonKind::null);
    EXPECT_EQ(root.member("b")->size(), 0U);
    EXPECT_FALSE(root.member("c").has_value());
}

TEST(Json, KnowsWhereEachValueStands) {
    const JsonDocument document = document_of("{\n  \"first\" : 1 ,\n  \"\u00fc\": [ 10 ,\"s\" ]\n}");
    const JsonValue list = document.root().members()[1].value;
    const Diagnostic here = document.diagnostic(list.elements()[1], "here");
    EXPECT_EQ(here.where, (SourceSpan{.file = "case.json", .line = 3, .column = 14, .length = 3}));
    EXPECT_EQ(here.line_text, "  \"\u00fc\": [ 10 ,\"s\" ]");
    EXPECT_EQ(document.diagnostic(list, "a container is pointed at by its bracket").where.length, 1U);
    EXPECT_EQ(document.path_of(list.elements()[1]), "\u00fc[1]");
    EXPECT_EQ(document.path_of(document.root().members()[0].key), "first");
    EXPECT_EQ(document.path_of(document.root()), "");
}

TEST(Json, CountsLinesFromTheLineThatATextIsTakenFrom) {
    const auto read = read_json({.file = "cases.jsonl", .text = "[1,]", .first_line = 7});
    EXPECT_EQ(std::get<Diagnostics>(read).front().where, (SourceSpan{.file = "cases.jsonl", .line = 7, .column = 4}));
}

TEST(Json, NestsPathsThroughArraysAndObjects) {
    const JsonDocument document = document_of(R"({"a":{"b":[0,{"c":[[5]]}]}})");
    JsonValue five = *document.root().member("a")->member("b")->elements()[1].member("c");
    five = five.elements()[0].elements()[0];
    EXPECT_EQ(five.integer(), 5);
    EXPECT_EQ(document.path_of(five), "a.b[1].c[0][0]");
}

TEST(Json, IntegersReachToTheEndsOfInt64AndNotBeyond) {
    EXPECT_EQ(document_of("9223372036854775807").root().integer(), 9223372036854775807);
    EXPECT_EQ(document_of("-9223372036854775808").root().integer(), -9223372036854775807 - 1);
    EXPECT_EQ(document_of("9223372036854775808").root().kind(), JsonKind::number);
    EXPECT_EQ(document_of("-9223372036854775809").root().kind(), JsonKind::number);
    EXPECT_EQ(document_of("18446744073709551616").root().number(), 18446744073709551616.0);
    EXPECT_EQ(document_of("1.0").root().kind(), JsonKind::number);
    EXPECT_EQ(document_of("-0").root().integer(), 0);
}

TEST(Json, DoublesReadBackExactly) {
    EXPECT_EQ(document_of("1.52571594220588e-05").root().number(), 1.52571594220588e-05);
    EXPECT_EQ(document_of("1.7976931348623157e308").root().number(), 1.7976931348623157e308);
    EXPECT_EQ(error_of("[1e309]"), "1:2 expected a number that a double can hold, at most about 1.8e308");
}

TEST(Json, NestsSixtyFourLevelsAndNoMore) {
    EXPECT_TRUE(errors_of(nested(64)).empty());
    EXPECT_EQ(error_of(nested(65)), "1:65 expected at most 64 levels of nesting");
    EXPECT_EQ(error_of(std::string(1000000, '[')), "1:65 expected at most 64 levels of nesting");
}

TEST(Json, HoldsSixteenMebibytesAndNoMore) {
    std::string text(json_bytes_max, ' ');
    text.front() = '7';
    EXPECT_TRUE(errors_of(text).empty());
    EXPECT_EQ(error_of(text + ' '), "1:1 expected at most 16 MiB of JSON, found 16777217 bytes");
}

TEST(Json, HoldsTwoMillionValuesAndNoMore) {
    std::string text = "[";
    for (std::size_t i = 0; i + 1 < json_values_max; ++i) text += "1,";
    text.back() = ']';
    EXPECT_TRUE(errors_of(text).empty());
    text.back() = ',';
    EXPECT_EQ(errors_of(text + "1]").at(0).message, "expected at most 2097152 values and keys in one text");
}

TEST(Json, RefusesAKeyThatAnObjectHasTwice) {
    EXPECT_EQ(error_of(R"({"a":1,"b":2,"a":3})"), "1:14 expected each key once: `a` is already in this object");
    EXPECT_EQ(error_of(R"({"a":1,"\u0061":3})"), "1:8 expected each key once: `a` is already in this object");
    EXPECT_TRUE(errors_of(R"({"a":{"a":1},"b":{"a":1}})").empty());
}

TEST(Json, TellsEveryDuplicateKeyInTheOrderOfTheText) {
    const Diagnostics errors = errors_of(R"({"b":1,"b":2,"a":{"c":1,"c":2},"a":1})");
    ASSERT_EQ(errors.size(), 3U);
    EXPECT_EQ(errors[0].where.column, 8U);
    EXPECT_EQ(errors[1].where.column, 25U);
    EXPECT_EQ(errors[2].where.column, 32U);
}

TEST(Json, SaysWhatWasExpectedWhereTheSyntaxBreaks) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "1:1 expected a value, found the end of the text"},
        {"[1,2", "1:5 expected `,` or `]`, found the end of the text"},
        {"[1 2]", "1:4 expected `,` or `]`, found `2`"},
        {"[1,]", "1:4 expected a value after `,`, found `]`"},
        {"[,1]", "1:2 expected a value or `]`, found `,`"},
        {"{1:2}", "1:2 expected a key in quotes or `}`, found `1`"},
        {"{\"a\" 1}", "1:6 expected `:` after the key, found `1`"},
        {"{\"a\":}", "1:6 expected a value, found `}`"},
        {"{\"a\":1 \"b\":2}", "1:8 expected `,` or `}`, found `\"`"},
        {"{\"a\":1,}", "1:8 expected a key in quotes after `,`, found `}`"},
        {"{} []", "1:4 expected nothing after the value, found `[`"},
        {"[True]", "1:2 expected a value, found `True`: write `true`"},
        {"[NaN]", "1:2 expected a value, found `NaN`: JSON has only finite numbers"},
        {"[01]", "1:3 expected `,` or `]`, found `1`"},
        {"[-]", "1:3 expected a digit after `-`, found `]`"},
        {"[1.]", "1:4 expected a digit after the decimal point, found `]`"},
        {"[1e+]", "1:5 expected a digit of the exponent, found `]`"},
        {"[\"abc", "1:2 expected a closing `\"`: the string is not ended"},
        {"[\"a\tb\"]", "1:4 expected a control character of a string as \\u0009"},
        {R"(["\x"])", "1:3 expected one of \" \\ / b f n r t u after `\\`, found `x`"},
        {R"(["\u12"])", "1:3 expected four hexadecimal digits after `\\u`"},
        {R"(["\ud800x"])", "1:3 expected a surrogate pair: \\uD800 to \\uDBFF, then \\uDC00 to \\uDFFF"},
        {"// no comments", "1:1 expected a value, found `/`"},
        {"[1,\n 2,\n x]", "3:2 expected a value, found `x`"}};
    for (const auto& [text, error] : cases) EXPECT_EQ(error_of(text), error) << text;
}

TEST(Json, RefusesBytesThatAreNotUtf8) {
    EXPECT_EQ(error_of("[\"a\xff\"]"), "1:4 expected UTF-8, found the byte 0xFF, which is not UTF-8");
    EXPECT_EQ(error_of("[\xc3\x28]"), "1:2 expected a value or `]`, found the byte 0xC3, which is not UTF-8");
    EXPECT_EQ(errors_of("[\"\xed\xa0\x80\"]").size(), 1U) << "a surrogate";
    EXPECT_EQ(errors_of("[\"\xc0\xaf\"]").size(), 1U) << "an overlong form";
    EXPECT_EQ(errors_of("[\"\xf4\x90\x80\x80\"]").size(), 1U) << "past U+10FFFF";
    EXPECT_TRUE(errors_of("[\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\"]").empty());
}

TEST(Json, ColumnsCountCodePoints) { EXPECT_EQ(error_of("[\"\u00e4\u4e2d\", x]"), "1:8 expected a value, found `x`"); }

TEST(Json, PassesOverAByteOrderMark) {
    EXPECT_TRUE(errors_of("\xEF\xBB\xBF[1]").empty());
    EXPECT_EQ(errors_of("\xEF\xBB[1]").size(), 1U);
}

TEST(Json, IsNotEndedByANulByte) {
    using namespace std::string_literals;
    EXPECT_EQ(error_of("{}\0{}"s), "1:3 expected nothing after the value, found the control character U+0000");
    EXPECT_EQ(error_of("[1\0]"s), "1:3 expected `,` or `]`, found the control character U+0000");
}

TEST(Json, EveryPrefixOfATextIsRefusedAtAPlaceInIt) {
    const std::string text = R"({"id":"x\u00e9","n":[1.5e3,-2,true,null,{"k":"v"}],"m":{}})";
    ASSERT_TRUE(errors_of(text).empty());
    for (std::size_t size = 0; size < text.size(); ++size) {
        const Diagnostics errors = errors_of(text.substr(0, size));
        ASSERT_EQ(errors.size(), 1U) << size;
        EXPECT_EQ(errors.front().where.line, 1U);
        EXPECT_LE(errors.front().where.column, size + 1);
        EXPECT_EQ(errors.front().message.substr(0, 8), "expected");
    }
}

}  // namespace
}  // namespace kv
