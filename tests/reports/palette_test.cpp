#include "reports/palette.h"

#include "reports/html_page.h"
#include "tests/support/page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace kv::testing {
namespace {

// As WCAG 2.2 defines them.
double luminance(std::string_view color) {
    double sum = 0;
    constexpr double weights[] = {0.2126, 0.7152, 0.0722};
    for (std::size_t i = 0; i < 3; ++i) {
        const double part = std::stoi(std::string(color.substr(1 + 2 * i, 2)), nullptr, 16) / 255.0;
        sum += weights[i] * (part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4));
    }
    return sum;
}

double contrast(std::string_view one, std::string_view other) {
    const double light = std::max(luminance(one), luminance(other)), dark = std::min(luminance(one), luminance(other));
    return (light + 0.05) / (dark + 0.05);
}

std::string_view shade(std::string_view name, std::string_view PaletteColor::*which) {
    const auto color = std::ranges::find(palette(), name, &PaletteColor::name);
    EXPECT_NE(color, palette().end()) << name;
    return (*color).*which;
}

TEST(Contrast, IsThatOfTheStandardsExamples) {
    EXPECT_NEAR(contrast("#000000", "#ffffff"), 21.0, 0.01);
    EXPECT_NEAR(contrast("#777777", "#ffffff"), 4.48, 0.01);
}

TEST(Palette, HasTextThatStandsOutFromWhatItStandsOnInLightAndDark) {
    constexpr double text_least = 4.5;  // WCAG 2.2, 1.4.3
    for (const auto which : {&PaletteColor::light, &PaletteColor::dark}) {
        for (const char* text : {"ink", "faint", "link", "alarm", "series-1", "series-2", "series-3", "series-4"})
            EXPECT_GE(contrast(shade(text, which), shade("page", which)), text_least) << text;
        EXPECT_GE(contrast(shade("ink", which), shade("panel", which)), text_least);
        for (const PaletteColor& color : palette())
            if (color.name.starts_with("scale-") || color.name.starts_with("under-") || color.name.starts_with("over-")) {
                EXPECT_GE(contrast(shade("ink", which), color.*which), text_least) << color.name;
            }
    }
}

TEST(Palette, HasPartsOfBarsThatStandOutFromThePage) {
    constexpr double shape_least = 1.9;  // They are named in a table beside the bars as well.
    for (const auto which : {&PaletteColor::light, &PaletteColor::dark})
        for (const PaletteColor& color : palette())
            if (color.name.starts_with("use-")) {
                EXPECT_GE(contrast(color.*which, shade("page", which)), shape_least) << color.name;
            }
}

TEST(Palette, HasEachColourOnceInLightForPlotsAreDrawnInThem) {
    std::set<std::string_view> names, light;
    for (const PaletteColor& color : palette()) {
        EXPECT_TRUE(names.insert(color.name).second) << color.name;
        EXPECT_TRUE(light.insert(color.light).second) << color.name;
    }
}

TEST(StyleSheet, NamesNoColourThatThePaletteDoesNotHave) {
    const std::string css = style_sheet();
    std::size_t uses = 0;
    for (std::size_t at = css.find("var(--"); at != std::string::npos; at = css.find("var(--", at + 1), ++uses) {
        const std::size_t begin = at + std::string("var(--").size();
        const std::string name = css.substr(begin, css.find(')', begin) - begin);
        EXPECT_NE(std::ranges::find(palette(), name, &PaletteColor::name), palette().end()) << name;
    }
    EXPECT_GT(uses, 30U);
    EXPECT_EQ(css.find("url("), std::string::npos);
    EXPECT_EQ(css.find("@import"), std::string::npos);
}

TEST(HtmlPage, IsWholeAndAsksForNothing) {
    const Page page = read_page(html_page("A <title>", "<p>text</p>\n"));
    EXPECT_TRUE(page.mistakes.empty()) << page.mistakes.front();
    EXPECT_EQ(page.count("script"), 0U);
    EXPECT_EQ(page.count("link"), 0U);
}

}  // namespace
}  // namespace kv::testing
