#include "scenarios/json_fields.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace kv {
namespace {

JsonDocument document_of(std::string text) { return std::get<JsonDocument>(read_json({.file = "case.json", .text = std::move(text)})); }

// The message of the only error that reading the whole text as an integer gives; empty where there is none.
std::string integer_error(const std::string& text, IntegerRange range = {}) {
    const JsonDocument document = document_of(text);
    JsonErrors errors;
    read_integer(document.root(), range, errors);
    const Diagnostics told = errors.take();
    return told.empty() ? "" : told.front().message;
}

TEST(JsonFields, AnIntegerIsExpectedWithinInt64) {
    EXPECT_EQ(integer_error("9223372036854775807"), "");
    EXPECT_EQ(integer_error("-9223372036854775808"), "");
    EXPECT_EQ(integer_error("9223372036854775808"), "expected an integer up to 9223372036854775807, found 9223372036854775808");
    EXPECT_EQ(integer_error("-9223372036854775809"), "expected an integer from -9223372036854775808, found -9223372036854775809");
}

TEST(JsonFields, AnIntegerIsExpectedWithinItsRange) {
    const IntegerRange range{1, 16};
    EXPECT_EQ(integer_error("1", range), "");
    EXPECT_EQ(integer_error("16", range), "");
    EXPECT_EQ(integer_error("0", range), "expected an integer from 1 to 16, found 0");
    EXPECT_EQ(integer_error("17", range), "expected an integer from 1 to 16, found 17");
    EXPECT_EQ(integer_error("16.0", range), "expected an integer from 1 to 16, found 16.0");
    EXPECT_EQ(integer_error("null", {.least = 1}), "expected an integer from 1, found null");
    EXPECT_EQ(integer_error("\"16\""), "expected an integer, found \"16\"");
    EXPECT_EQ(integer_error("[1,2]"), "expected an integer, found an array of 2 values");
    EXPECT_EQ(integer_error("{}"), "expected an integer, found an object");
}

TEST(JsonFields, TheStandInForAnIntegerLiesInItsRange) {
    const JsonDocument document = document_of("null");
    JsonErrors errors;
    EXPECT_EQ(read_integer(document.root(), {1, 16}, errors), 1);
    EXPECT_EQ(read_integer(document.root(), {-16, -1}, errors), -1);
    EXPECT_EQ(read_integer(document.root(), {-16, 16}, errors), 0);
}

TEST(JsonFields, TellEveryErrorOfAnObjectAtOnce) {
    const JsonDocument document = document_of(R"({"blocks":null,"name":1,"nmae":2,"flag":"yes","list":3})");
    JsonErrors errors;
    JsonFields fields(document.root(), errors);
    fields.integer("blocks");
    fields.string("name");
    fields.boolean("flag");
    fields.array("list", 4);
    fields.integer("missing");
    fields.finish();
    const Diagnostics told = errors.take();
    ASSERT_EQ(told.size(), 6U);
    EXPECT_EQ(told[0].message, "blocks: expected an integer, found null");
    EXPECT_EQ(told[1].message, "name: expected a string, found 1");
    EXPECT_EQ(told[2].message, "flag: expected true or false, found \"yes\"");
    EXPECT_EQ(told[3].message, "list: expected an array of at most 4 values, found 3");
    EXPECT_EQ(told[4].message, "expected the key `missing`, which is missing");
    EXPECT_EQ(told[4].where.column, 1U);
    EXPECT_EQ(told[5].message, "nmae: unknown key: did you mean `name`?");
    EXPECT_EQ(told[5].where, (SourceSpan{.file = "case.json", .line = 1, .column = 25, .length = 6}));
}

TEST(JsonFields, OfWhatIsNoObjectAreOneError) {
    const JsonDocument document = document_of("[[1]]");
    JsonErrors errors;
    JsonFields fields(document.root().elements()[0], errors);
    EXPECT_EQ(fields.integer("a", {3, 5}), 3);
    fields.finish();
    const Diagnostics told = errors.take();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told.front().message, "[0]: expected an object, found an array of 1 value");
}

TEST(JsonFields, AnArrayIsBoundedInSize) {
    const JsonDocument document = document_of("[1,2,3]");
    JsonErrors errors;
    EXPECT_EQ(read_array(document.root(), 3, errors).size(), 3U);
    EXPECT_TRUE(errors.none());
    EXPECT_TRUE(read_array(document.root(), 2, errors).empty());
    EXPECT_FALSE(errors.none());
}

TEST(JsonFields, AChoiceSaysWhatThereIsToChooseFrom) {
    constexpr std::array<std::string_view, 2> choices{"align", "none"};
    const JsonDocument document = document_of(R"(["none","aligned",3])");
    JsonErrors errors;
    EXPECT_EQ(read_choice(document.root().elements()[0], choices, errors), 1U);
    EXPECT_TRUE(errors.none());
    read_choice(document.root().elements()[1], choices, errors);
    read_choice(document.root().elements()[2], choices, errors);
    const Diagnostics told = errors.take();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].message, R"([1]: expected one of "align", "none", found "aligned": did you mean "align"?)");
    EXPECT_EQ(told[1].message, R"([2]: expected one of "align", "none", found 3)");
}

TEST(JsonFields, AfterTwentyErrorsTheRestIsOnlyCounted) {
    std::string text = "{";
    for (int i = 0; i < 50; ++i) text += "\"" + std::to_string(i) + "\":1,";
    text.back() = '}';
    const JsonDocument document = document_of(text);
    JsonErrors errors;
    for (const JsonMember& member : document.root().members()) errors.note_expected(member.value, "nothing");
    const Diagnostics told = errors.take();
    ASSERT_EQ(told.size(), 20U);
    EXPECT_NE(told.back().message.find("(and 30 more errors in this text)"), std::string::npos);
}

}  // namespace
}  // namespace kv
