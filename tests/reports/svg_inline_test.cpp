#include "reports/svg_inline.h"

#include "tests/support/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string drawn = R"svg(<?xml version="1.0" encoding="utf-8"  standalone="no"?>
<svg
 viewBox="0 0 540 340"
 xmlns="http://www.w3.org/2000/svg"
 xmlns:xlink="http://www.w3.org/1999/xlink"
>

<title>Gnuplot</title>
<desc>Produced by GNUPLOT 5.4</desc>

<g id="gnuplot_canvas">
<rect x="0" y="0" width="540" height="340" fill="#ffffff"/>
<defs>
	<circle id='gpPt5' stroke-width='0.178' cx='0' cy='0' r='1'/>
	<use xlink:href='#gpPt5' id='gpPt6' fill='currentColor' stroke='none'/>
	<filter id='textbox' x='0'>
	  <feFlood flood-color='#FFFFFF'/>
	</filter>
</defs>
<g fill="none" color="black" stroke="currentColor">
</g>
<g fill="none" color="black" stroke="currentColor">
	<path stroke='rgb( 28,  91, 176)' d='M1,2 L3,4'/>
	<use xlink:href='#gpPt6' transform='translate(1,2)' color='rgb(  1,   2,   3)'/>
	<g transform="translate(1,2)" fill="black" font-family="sans-serif" font-size="15.00">
		<text>rgb( 28,  91, 176) id="x" 'black' &lt;title&gt; #1c5bb0</text>
	</g>
</g>
</g>
</svg>
)svg";

TEST(SvgForAPage, HasNoIdsNoPrologueAndNoNamesOfGnuplot) {
    const std::string svg = svg_for_page(drawn, "what it <shows>");
    for (const char* gone : {"<?xml", "Gnuplot", "GNUPLOT", "gnuplot_canvas", "xlink", "<defs>", "font-family", "filter"})
        EXPECT_THAT(svg, Not(HasSubstr(gone)));
    EXPECT_THAT(svg, HasSubstr("<svg role=\"img\" aria-label=\"what it &lt;shows&gt;\""));
    EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 540 340\""));
    const Page page = read_page(svg);
    EXPECT_TRUE(page.mistakes.empty()) << page.mistakes.front();
    EXPECT_EQ(page.count("g"), 3U) << "the empty one is gone";
}

TEST(SvgForAPage, TakesColoursOfThePaletteFromTheStyleSheet) {
    const std::string svg = svg_for_page(drawn, "");
    EXPECT_THAT(svg, HasSubstr("stroke='var(--series-2)'"));
    EXPECT_THAT(svg, HasSubstr("fill=\"var(--page)\""));
    EXPECT_THAT(svg, HasSubstr("fill=\"var(--ink)\""));
    EXPECT_THAT(svg, HasSubstr("color='#010203'")) << "another colour stays what it is";
}

TEST(SvgForAPage, LeavesTextsAloneWhateverTheySpell) {
    EXPECT_THAT(svg_for_page(drawn, ""), HasSubstr("<text>rgb( 28,  91, 176) id=\"x\" 'black' &lt;title&gt; #1c5bb0</text>"));
}

TEST(SvgForAPage, OfNoPictureIsNothing) {
    EXPECT_EQ(svg_for_page("", "x"), "");
    EXPECT_EQ(svg_for_page("no tag", "x"), "");
    EXPECT_EQ(svg_for_page("<svg", "x").find("<svg role"), 0U);
}

TEST(SharedSvgParts, AreThereOnceAndOnlyForPlotsThatReferToThem) {
    Figure figure{.plot = {}, .svg = drawn, .png = {}};
    const std::string shared = shared_svg_parts({{.file_name = "a", .curve = figure, .memory = figure, .heat = {}}});
    const Page page = read_page(shared);
    EXPECT_TRUE(page.mistakes.empty()) << page.mistakes.front();
    EXPECT_TRUE(page.ids().contains("gpPt6"));
    EXPECT_THAT(shared, Not(HasSubstr("filter")));
    EXPECT_EQ(shared_svg_parts({{.file_name = "a", .curve = {}, .memory = {}, .heat = {}}}), "");
}

}  // namespace
}  // namespace kv::testing
