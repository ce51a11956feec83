#include "reports/quoting.h"

#include "tests/support/page.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstdio>
#include <string>

namespace kv::testing {
namespace {

TEST(Quoting, OfHtmlLeavesNoMarkupAndNoControlCharacter) {
    EXPECT_EQ(html_text("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
    EXPECT_EQ(html_text("two\nlines"), "two\xE2\x90\x8Alines");
    EXPECT_EQ(html_text("\xE2\x80\xAEright to left"), "\xEF\xBF\xBDright to left");
    EXPECT_EQ(html_text("\xff"), "\xEF\xBF\xBD");
    EXPECT_EQ(html_name("x"), "<bdi>x</bdi>");
}

TEST(Quoting, OfMarkdownEscapesWhatWouldBeMarkup) {
    EXPECT_EQ(markdown_text("a|b`c`*d*_e_[f](g)<h>"), "a\\|b\\`c\\`\\*d\\*\\_e\\_\\[f\\](g)\\<h\\>");
    EXPECT_EQ(markdown_text("see http://x.y or a@b.c"), "see http&#58;//x.y or a&#64;b.c");
    EXPECT_EQ(markdown_text("refused: 5"), "refused: 5");
    EXPECT_EQ(markdown_text("a\nb").find('\n'), std::string::npos);
}

TEST(Quoting, OfCsvKeepsACellAndIsNoFormula) {
    EXPECT_EQ(csv_text("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_text("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(csv_text("=1+1"), "'=1+1");
    EXPECT_EQ(csv_text("@x,y"), "\"'@x,y\"");
    EXPECT_EQ(csv_text("two\nlines").find('\n'), std::string::npos);
}

TEST(Quoting, OfGnuplotDoublesQuotes) { EXPECT_EQ(gnuplot_text("it's"), "'it''s'"); }

TEST(Quoting, OfAShellLeavesPlainWordsAsTheyAre) {
    EXPECT_EQ(shell_word("scenarios/plans/gpt-oss-120b.toml"), "scenarios/plans/gpt-oss-120b.toml");
    EXPECT_EQ(shell_word("a b"), "'a b'");
    EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_word("a\nb"), "$'a\\012b'");
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("~"), "'~'");
}

TEST(Quoting, OfAFileNameIsSafeEverywhere) {
    EXPECT_EQ(file_word("qwen3.5-27b"), "qwen3.5-27b");
    EXPECT_EQ(file_word("../../etc/passwd"), "etc-passwd");
    EXPECT_EQ(file_word("<b>\n"), "b");
    EXPECT_EQ(file_word("\xff\xfe"), "model");
    EXPECT_EQ(file_word(std::string(500, 'x')).size(), 60U);
}

std::string any_bytes() {
    // Characters that mean something somewhere come often enough to stand beside each other.
    const auto special =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("\"'`<>&|\\$\n\t[]()!#*_=,;%~^{}\xE2\x80\xAE\xff\x01 a9")));
    return special +
           *rc::gen::container<std::string>(rc::gen::map(rc::gen::inRange(1, 256), [](int byte) { return static_cast<char>(byte); }));
}

RC_GTEST_PROP(Quoting, OfAnyNameIsOneWellFormedLineOfAPage, ()) {
    const std::string name = any_bytes();
    const std::string html = "<p title=\"" + html_text(name) + "\">" + html_name(name) + "</p>";
    const Page page = read_page(html);
    RC_ASSERT(page.mistakes.empty());
    RC_ASSERT(page.tags.size() == 2U);
    RC_ASSERT(html.find('\n') == std::string::npos);
}

// bash reads the word back as the very bytes.
TEST(Quoting, OfAnyWordIsReadBackByBash) {
    for (const std::string& word : {std::string("a'b\"c$d`e\\f"), std::string("line\nline\ttab"), std::string("\xE2\x80\xAE\xff\x01!"),
                                    std::string("-n"), std::string("*?[x]{a,b}~;|&<>()#"), std::string("caf\xC3\xA9 1"),
                                    std::string("1\x01"
                                                "23")}) {
        std::string script = "printf %s " + shell_word(word);
        std::string quoted = "'";
        for (const char c : script) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
        std::FILE* shell = ::popen(("bash -c " + quoted + "'").c_str(), "r");
        ASSERT_NE(shell, nullptr);
        std::array<char, 256> read{};
        const std::size_t got = std::fread(read.data(), 1, read.size(), shell);
        EXPECT_EQ(::pclose(shell), 0);
        // printf %s -- takes a word that begins with a dash for an option; bash's own does not.
        EXPECT_EQ(std::string(read.data(), got), word) << script;
    }
}

}  // namespace
}  // namespace kv::testing
