#include "reports/capacity_html.h"

#include "reports/capacity_json.h"
#include "reports/capacity_markdown.h"
#include "reports/capacity_words.h"
#include "reports/quoting.h"
#include "tests/support/models.h"
#include "tests/support/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const ReportOrigin origin{
    .version = "kvproof 1", .command = "kvproof capacity 'a b.toml'", .inputs = {{.name = "a b.toml", .bytes = 3, .sha256 = "ba78"}}};

CapacityAnswer answer_of(const CapacityModel& model, const CapacityQuestion& question = {}) {
    return std::get<CapacityAnswer>(capacity_of(model, default_engines(), question));
}

std::vector<CapacityAnswer> swept(const std::string& name) {
    std::vector<CapacityAnswer> answers;
    const CapacityModel model = recorded_model(name);
    for (const char* dtype : {"auto", "fp8"})
        for (const std::int64_t ranks : {1, 2}) answers.push_back(answer_of(model, {.knobs = {.tensor = ranks, .kv_dtype = dtype}}));
    return answers;
}

std::vector<ModelFigures> drawn(const std::vector<CapacityAnswer>& answers) {
    auto figures = draw_figures(answers, FigureFiles::svg_only);
    if (const auto* error = std::get_if<PlotError>(&figures)) ADD_FAILURE() << error->message;
    return std::holds_alternative<PlotError>(figures) ? std::vector<ModelFigures>{}
                                                      : std::get<std::vector<ModelFigures>>(std::move(figures));
}

std::string page_of(const std::vector<CapacityAnswer>& answers) { return capacity_html(answers, origin, drawn(answers)); }

TEST(CapacityPage, IsWholeWithLinksThatLeadSomewhereAndNothingFromElsewhere) {
    std::vector<CapacityAnswer> answers = swept("qwen3.5-27b");
    answers.push_back(answer_of(stated_model("gpt-oss-120b")));
    const Page page = read_page(page_of(answers));
    EXPECT_TRUE(page.mistakes.empty()) << page.mistakes.front();
    const std::set<std::string> ids = page.ids();
    std::size_t links = 0;
    for (const std::string& address : page.values("href")) {
        ASSERT_TRUE(address.starts_with('#')) << address;
        EXPECT_TRUE(ids.contains(address.substr(1))) << address;
        ++links;
    }
    EXPECT_GT(links, 6U);
    EXPECT_TRUE(page.values("src").empty());
    EXPECT_EQ(page.count("script"), 0U);
    EXPECT_EQ(page.count("caption"), page.count("table"));
    EXPECT_EQ(page.count("figure"), 4U);
    for (const PageTag& tag : page.tags)
        if (tag.name == "th") {
            EXPECT_TRUE(tag.attributes.contains("scope"));
        }
}

TEST(CapacityPage, SaysOfEachModelWhatFitsAndTheRatioOfBothReleasesAndTheReference) {
    const CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"));
    const std::string html = page_of({answer});
    EXPECT_THAT(html, HasSubstr(html_text(capacity_sentence(answer))));
    for (const char* figure : {"78,336", "155,009", ">0.505<", "151,778", ">0.983<", "154,352", ">1.000<", "under-reports ±16", "true ±16"})
        EXPECT_THAT(html, HasSubstr(figure));
    for (const char* part :
         {"Where the memory goes", "null block", "padding", "bounded groups", "kvproof capacity &#39;a b.toml&#39;", "ba78", "kvproof 1"})
        EXPECT_THAT(html, HasSubstr(part));
}

TEST(CapacityPage, SaysWhyThereIsNoFigure) {
    const std::string html = page_of({answer_of(stated_model("pipeline-bottleneck")), answer_of(recorded_model("bge-large-en"))});
    EXPECT_THAT(html, HasSubstr("refused: ValueError: one request of 262144 tokens needs 8589934592 bytes"));
    EXPECT_THAT(html, HasSubstr("no layer has a cache"));
    EXPECT_TRUE(read_page(html).mistakes.empty());
}

TEST(CapacityPage, HasAHeatMapOfTheTruthAndOfEachEnginesRatio) {
    const std::vector<CapacityAnswer> answers = swept("qwen3.5-27b");
    const std::string html = page_of(answers);
    for (const char* caption :
         {"reported / true, vllm-0.18.0<", "reported / true, vllm-0.32.0<", "reported / true, reference<", "true tokens, "})
        EXPECT_THAT(html, HasSubstr(caption));
    EXPECT_THAT(html, HasSubstr("kv-dtype fp8"));
    std::size_t told = 0;
    for (const CapacityAnswer& answer : answers)
        for (const CapacityRow& row : answer.rows)
            if (row.engine == "vllm-0.18.0" && row.judged) {
                EXPECT_THAT(html, HasSubstr(ratio_words(row.judged->judgement.ratio)));
                ++told;
            }
    EXPECT_GE(told, 2U);
}

TEST(CapacityPage, OfARealWorkloadHasItsPercentiles) {
    const auto workload = std::get<Workload>(load_workload(KV_GOLDEN_DIR "/workloads/azure_conv_400.csv"));
    const std::string html = page_of({answer_of(stated_model("gpt-oss-120b"), {.workload = &workload})});
    for (const char* part : {">p50<", ">p99<", "115 requests fit at once, together 136,814 tokens"}) EXPECT_THAT(html, HasSubstr(part));
}

// What the page shows in its tables stands in the data, too.
TEST(CapacityPage, HasNoShareThatTheDataDoesNotHave) {
    const CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"));
    const auto json = nlohmann::json::parse(capacity_json({answer}, origin));
    const std::string html = page_of({answer});
    std::size_t shares = 0;
    for (const auto& [name, share] : json["answers"][0]["pools"][0]["memory_use"]["shares"].items()) {
        EXPECT_THAT(html, HasSubstr(percent_words(share))) << name;
        ++shares;
    }
    EXPECT_EQ(shares, 6U);
    EXPECT_EQ(json["command"], origin.command);
    EXPECT_EQ(json["inputs"][0]["sha256"], "ba78");
}

TEST(CapacityPage, IsTheSameBytesTwice) {
    const std::vector<CapacityAnswer> answers = swept("gemma-3-27b");
    EXPECT_EQ(page_of(answers), page_of(answers));
}

TEST(CapacityPage, WithoutPlotsSaysSo) {
    const std::string html = capacity_html({answer_of(stated_model("gpt-oss-120b"))}, origin, {});
    EXPECT_THAT(html, HasSubstr("This report was made without plots."));
    EXPECT_EQ(read_page(html).count("svg"), 0U);
}

TEST(CapacityPage, OfNothingIsAPage) { EXPECT_TRUE(read_page(capacity_html({}, origin, {})).mistakes.empty()); }

TEST(ModelViews, KeepTwoModelsOfOneNameApart) {
    const CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"));
    EXPECT_EQ(model_views({answer, answer}).size(), 2U);
    std::vector<CapacityAnswer> answers = swept("qwen3.5-27b");
    ASSERT_EQ(model_views(answers).size(), 1U);
    EXPECT_EQ(model_views(answers)[0].swept.size(), 2U);
}

// Names that mean something to every language that a report is written in.
std::vector<std::string> hostile_names() {
    return {"</script><img src=x onerror=alert(1)>",
            "\"quotes\" and 'single' & |pipes| `ticks` [l](http://x.y) **b** _i_ $m$",
            "line\nbreak\r\ntab\t\x1b[31m red \x01",
            "\xE2\x80\xAE"
            "desrever\xE2\x81\xA7 \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
            "bytes \xff\xfe that are no text",
            "=HYPERLINK(\"http://x.y\")",
            " id=\"x\"> rgb(1,2,3) black \\' '' %s {} \\n $curve0",
            std::string(300, 'W')};
}

TEST(HostileNames, BreakNoPage) {
    for (const std::string& name : hostile_names()) {
        CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"));
        answer.model = name;
        const std::string html = page_of({answer});
        const Page page = read_page(html);
        EXPECT_TRUE(page.mistakes.empty()) << page.mistakes.front() << " of " << name;
        EXPECT_EQ(page.count("img"), 0U);
        EXPECT_EQ(page.count("figure"), 2U);
        EXPECT_EQ(page.count("svg"), 3U);
        for (const char c : html) ASSERT_TRUE(c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20) << "a control character";
        EXPECT_THAT(html, Not(HasSubstr("\xE2\x80\xAE")));
    }
}

TEST(HostileNames, BreakNoMarkdown) {
    for (const std::string& name : hostile_names()) {
        CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"));
        answer.model = name;
        std::istringstream lines(capacity_markdown({answer}, origin, drawn({answer}), "plots"));
        std::size_t width = 0, rows = 0, headings = 0;
        for (std::string line; std::getline(lines, line);) {
            headings += line.starts_with("# ") || line.starts_with("## ") ? 1 : 0;
            if (!line.starts_with('|')) {
                width = 0;
                continue;
            }
            std::size_t bars = 0;
            for (std::size_t i = 0; i < line.size(); ++i)
                if (line[i] == '\\') ++i;
                else if (line[i] == '|') ++bars;
            if (width != 0) {
                EXPECT_EQ(bars, width) << line;
            }
            width = bars;
            ++rows;
        }
        EXPECT_GT(rows, 20U);
        EXPECT_EQ(headings, 5U) << "the title, the model, and three at the end";
    }
}

TEST(HostileNames, BreakNoCsvAndNoJson) {
    for (const std::string& name : hostile_names()) {
        CapacityAnswer answer = answer_of(stated_model("gpt-oss-120b"));
        answer.model = name;
        const std::string csv = capacity_csv({answer});
        std::istringstream lines(csv);
        std::size_t width = 0;
        for (std::string line; std::getline(lines, line);) {
            std::size_t cells = 1;
            bool quoted = false;
            for (const char c : line) {
                if (c == '"') quoted = !quoted;
                if (c == ',' && !quoted) ++cells;
            }
            EXPECT_FALSE(quoted) << line;
            if (width != 0) {
                EXPECT_EQ(cells, width) << line;
            }
            EXPECT_FALSE(line.starts_with('='));
            width = cells;
        }
        EXPECT_TRUE(nlohmann::json::accept(capacity_json({answer}, origin)));
    }
}

TEST(Figures, OfModelsOfOneNameAreFilesOfTheirOwn) {
    CapacityAnswer one = answer_of(stated_model("gpt-oss-120b"));
    CapacityAnswer two = one;
    one.model = "a/B";
    two.model = "a b";
    const std::vector<ModelFigures> figures = drawn({one, two});
    ASSERT_EQ(figures.size(), 2U);
    EXPECT_EQ(figures[0].file_name, "a-B");
    EXPECT_EQ(figures[1].file_name, "a-b-2") << "a file system may take B for b";
}

TEST(Figures, AreAlsoDrawnAsPngWithTheHeatMapOfASweep) {
    auto figures = draw_figures(swept("qwen3.5-27b"), FigureFiles::svg_and_png);
    ASSERT_TRUE(std::holds_alternative<std::vector<ModelFigures>>(figures)) << std::get<PlotError>(figures).message;
    const ModelFigures& model = std::get<std::vector<ModelFigures>>(figures).front();
    for (const auto* figure : {&model.curve, &model.memory, &model.heat}) {
        ASSERT_TRUE(figure->has_value());
        EXPECT_TRUE((*figure)->png.starts_with("\x89PNG\r\n"));
        EXPECT_THAT((*figure)->svg, HasSubstr("</svg>"));
    }
}

TEST(Figures, OfAModelWithoutATruthAreNotThere) {
    const std::vector<ModelFigures> figures = drawn({answer_of(recorded_model("bge-large-en"))});
    ASSERT_EQ(figures.size(), 1U);
    EXPECT_FALSE(figures[0].curve || figures[0].memory || figures[0].heat);
}

TEST(Gnuplot, TellsWhatItCouldNotDraw) {
    const Plot wrong{.name = "x", .meaning = "", .width = 100, .height = 100, .commands = "plot nonsense(\n"};
    const auto drawn = draw({{&wrong, PlotFormat::svg}});
    ASSERT_TRUE(std::holds_alternative<PlotError>(drawn));
    EXPECT_THAT(std::get<PlotError>(drawn).message, HasSubstr("gnuplot could not draw the plots"));
    EXPECT_TRUE(std::get<std::vector<std::string>>(draw({})).empty());
}

}  // namespace
}  // namespace kv::testing
