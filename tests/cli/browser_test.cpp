// A report as a browser shows it: at a desk and on a phone, light and dark. Skipped where there is no Chromium.
#include "tests/cli/browser_probe.h"
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kv::testing {
namespace {

std::string browser() {
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"})
        if (std::system((std::string("command -v ") + name + " >/dev/null 2>&1").c_str()) == 0) return name;
    return {};
}

struct Window {
    const char* name;
    int width, height;
    bool dark;
};

// The page with a script that measures it; the page itself allows none.
std::string probed(const std::string& page) {
    std::string out = page;
    const std::string policy = "<meta http-equiv=\"Content-Security-Policy\"";
    const std::size_t at = out.find(policy);
    EXPECT_NE(at, std::string::npos) << "a page that allows nothing from elsewhere says so";
    if (at != std::string::npos) out.erase(at, out.find('>', at) + 1 - at);
    return out.insert(out.find("</body>"), "<script>" + std::string(browser_probe) + "</script>");
}

class ReportInABrowser : public ::testing::TestWithParam<Window> {
protected:
    void SetUp() override {
        if (browser().empty()) GTEST_SKIP() << "no chromium";
        const Said said = kvproof(
            "capacity scenarios/plans/*.toml tests/golden/models/*/config.json"
            " --sweep kv-dtype=auto,fp8 --sweep tp=1,2,8 --workload tests/golden/workloads/azure_conv_400.csv --format html");
        ASSERT_EQ(said.status, 0) << said.err;
        page_ = said.out;
    }

    std::string run_browser(const std::string& arguments) const {
        const Window& window = GetParam();
        const std::string command = "timeout -s KILL 120 " + browser() +
                                    " --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir='" +
                                    (folder_ / "profile").string() + "' --window-size=" + std::to_string(window.width) + ',' +
                                    std::to_string(window.height) + (window.dark ? " --blink-settings=preferredColorScheme=0 " : " ") +
                                    arguments + " >'" + (folder_ / "said").string() + "' 2>/dev/null";
        EXPECT_EQ(std::system(command.c_str()), 0) << command;
        return contents(folder_ / "said");
    }

    Folder folder_;
    std::string page_;
};

TEST_P(ReportInABrowser, HasNothingTooWideNothingClippedAndTextThatCanBeRead) {
    folder_.file("probed.html", probed(page_));
    std::string frame(browser_frame);
    frame.replace(frame.find("WIDTH"), 5, std::to_string(GetParam().width));
    frame.replace(frame.find("HEIGHT"), 6, std::to_string(GetParam().height));
    const std::string file = folder_.file("frame.html", frame).string();
    const std::string dom = run_browser("--virtual-time-budget=60000 --dump-dom 'file://" + file + "'");
    const std::string begin = "PROBED{", end = "}PROBED";
    ASSERT_NE(dom.find(begin), std::string::npos) << "the script did not come to its end";
    const std::size_t at = dom.find(begin) + begin.size() - 1;
    const auto found = nlohmann::json::parse(dom.substr(at, dom.find(end, at) + 1 - at));

    EXPECT_EQ(found["window"], GetParam().width);
    EXPECT_LE(found["page"], GetParam().width) << "the page scrolls sideways";
    EXPECT_EQ(found["dark"], GetParam().dark);
    for (const char* none : {"too_wide", "clipped_labels", "small_labels", "covered_labels", "dead_links", "faint_texts", "loaded"})
        EXPECT_EQ(found[none], nlohmann::json::array()) << none;
    // The checks above had something to look at.
    EXPECT_GT(found["texts"], 1000);
    EXPECT_GT(found["labels"], 300);
    EXPECT_GT(found["links"], 40);
}

TEST_P(ReportInABrowser, CanBePhotographed) {
    const std::string file = folder_.file("page.html", page_).string();
    const std::string picture = (folder_ / "page.png").string();
    run_browser("--screenshot='" + picture + "' 'file://" + file + "'");
    const std::string png = contents(picture);
    ASSERT_GT(png.size(), 10'000U);
    const auto number = [&](std::size_t at) {
        int value = 0;
        for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(png[at + i]);
        return value;
    };
    EXPECT_EQ(number(16), GetParam().width);  // IHDR
    EXPECT_EQ(number(20), GetParam().height);
}

INSTANTIATE_TEST_SUITE_P(OnScreens, ReportInABrowser,
                         ::testing::Values(Window{"desk_light", 1280, 900, false}, Window{"desk_dark", 1280, 900, true},
                                           Window{"phone_light", 390, 844, false}, Window{"phone_dark", 390, 844, true}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace kv::testing
