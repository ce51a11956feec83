#include "scenarios/diagnostic.h"

#include "scenarios/source_text.h"
#include "scenarios/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kv {
namespace {

std::string shown(std::string_view text, std::string_view place, std::string message = "wrong") {
    return to_text(diagnostic_at("case.toml", text, text.find(place), place.size(), std::move(message)));
}

TEST(Diagnostic, PointsAtThePlaceAsTheHouseStyleShowsIt) {
    std::string text(13, '\n');
    text += "block = 272\n";
    EXPECT_EQ(to_text(diagnostic_at("scenarios/mamba_first.toml", text, text.find("272"), 3, "`block` needs a unit: write \"272 tokens\"")),
              "scenarios/mamba_first.toml:14:9: error: `block` needs a unit: write \"272 tokens\"\n"
              "   14 | block = 272\n"
              "      |         ^~~\n");
}

TEST(Diagnostic, CountsColumnsInCodePoints) {
    const Diagnostic found =
        diagnostic_at("case.toml", "name = \"größer\" x", std::string_view("name = \"größer\" x").find('x'), 1, "wrong");
    EXPECT_EQ(found.where.column, 17U);  // Not 19, its byte.
}

TEST(Diagnostic, CountsABrokenByteAsOneColumn) { EXPECT_EQ(diagnostic_at("f", "\xff\xfe x", 3, 1, "").where.column, 4U); }

TEST(Diagnostic, PutsTheCaretBelowThePlaceAfterWideCharacters) {
    EXPECT_EQ(shown("日本 = x", "x"),
              "case.toml:1:6: error: wrong\n"
              "    1 | 日本 = x\n"
              "      |        ^\n");
}

TEST(Diagnostic, NeverPrintsAControlCharacter) {
    const std::string text = shown("a\t= \x1b[31m \x7f x", "x", "bad \x07 key \x1b[2J");
    EXPECT_EQ(text,
              "case.toml:1:13: error: bad \u2407 key \u241b[2J\n"
              "    1 | a = \u241b[31m \u2421 x\n"
              "      |             ^\n");
}

TEST(Diagnostic, DoesNotLetTheInputTurnTheLineAround) { EXPECT_EQ(printable("a\u202Eb"), "a\uFFFDb"); }

TEST(Diagnostic, ShortensALongLineAroundThePlace) {
    const std::string text = std::string(500, 'a') + 'X' + std::string(500, 'b');
    const Diagnostic found = diagnostic_at("case.toml", text, 500, 1, "wrong");
    EXPECT_EQ(found.where.column, 501U);
    EXPECT_LE(found.line_text.size(), 116U);
    EXPECT_EQ(found.line_text.at(found.line_text_column - 1), 'X');
    EXPECT_TRUE(found.line_text.starts_with("...a"));
    EXPECT_TRUE(found.line_text.ends_with("b..."));
}

TEST(Diagnostic, DoesNotShortenALineThatJustFits) {
    const std::string text(110, 'a');
    EXPECT_EQ(diagnostic_at("f", text, 109, 1, "").line_text, text);
    EXPECT_TRUE(diagnostic_at("f", text + 'a', 109, 1, "").line_text.starts_with("..."));
}

TEST(Diagnostic, MarksNoMoreThanTheLineHas) {
    EXPECT_EQ(shown("key = [1,\n2]", "[1,\n2]"), "case.toml:1:7: error: wrong\n    1 | key = [1,\n      |       ^~~\n");
}

TEST(Diagnostic, LeavesTheEndOfACrlfLineOut) {
    const Diagnostic found = diagnostic_at("f", "a = 1\r\nb = 2\r\n", 11, 1, "");
    EXPECT_EQ(found.line_text, "b = 2");
    EXPECT_EQ(found.where, (SourceSpan{"f", 2, 5, 1}));
}

TEST(Diagnostic, OfTheEndOfAFileShowsNoLine) {
    EXPECT_EQ(to_text(diagnostic_at("f", "a = 1\n", 6, 1, "wrong")), "f:2:1: error: wrong\n");
    EXPECT_EQ(to_text(diagnostic_at("f", "", 0, 1, "wrong")), "f:1:1: error: wrong\n");
}

RC_GTEST_PROP(Diagnostic, OfAnyTextAndPlaceIsPrintedWithoutControlCharacters, (const std::string& text)) {
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
    const std::string out = to_text(diagnostic_at("f", text, at, *rc::gen::inRange<std::size_t>(0, 9), text));
    RC_ASSERT(invalid_utf8(out) == std::string_view::npos);
    for (const char letter : out) RC_ASSERT(letter == '\n' || (static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7F));
}

TEST(Nearest, FindsAMisspeltName) {
    EXPECT_EQ(nearest("windw", {"block", "window", "chunk"}), "window");
    EXPECT_EQ(nearest("widnow", {"block", "window", "chunk"}), "window");  // Two neighbours that changed places.
    EXPECT_EQ(nearest("Head-Size", {"head_slots", "head_size"}), "head_size");
}

TEST(Nearest, FindsNothingWhereNothingWasMeant) {
    EXPECT_EQ(nearest("elephant", {"block", "window"}), "");
    EXPECT_EQ(nearest("x", {"tp", "pp"}), "");
    EXPECT_EQ(nearest("", {"tp"}), "");
    EXPECT_EQ(nearest(std::string(100'000, 'w'), {"window"}), "");
}

TEST(SourceText, TellsErrorsInTheOrderOfTheFile) {
    SourceText source("f", "one two");
    source.error({4, 3}, "second");
    source.error({0, 3}, "first");
    const Diagnostics told = source.diagnostics();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].message, "first");
    EXPECT_EQ(told[1].where.column, 5U);
}

TEST(SourceText, TellsAHundredErrorsAndCountsTheRest) {
    SourceText source("f", "x");
    for (int i = 0; i < 250; ++i) source.error({0, 1}, "wrong");
    const Diagnostics told = source.diagnostics();
    ASSERT_EQ(told.size(), 101U);
    EXPECT_EQ(told.back().message, "and 150 more errors");
}

TEST(Utf8, TellsWhatIsNoCodePoint) {
    EXPECT_EQ(code_points("aé日😀"), 4U);
    EXPECT_EQ(invalid_utf8("aé日😀"), std::string_view::npos);
    EXPECT_EQ(invalid_utf8("a\xC0\x80"), 1U);         // An overlong NUL.
    EXPECT_EQ(invalid_utf8("\xED\xA0\x80"), 0U);      // A surrogate.
    EXPECT_EQ(invalid_utf8("\xF4\x90\x80\x80"), 0U);  // Past U+10FFFF.
    EXPECT_EQ(invalid_utf8("ab\xE6\x97"), 2U);        // Cut off.
}

}  // namespace
}  // namespace kv
