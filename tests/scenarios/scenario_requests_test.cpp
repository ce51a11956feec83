// The requests of a scenario one by one.
#include "scenarios/seeded_draw.h"
#include "tests/scenarios/scenario_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

namespace kv::testing {
namespace {

TEST(ScenarioRequests, AreTheirCopies) {
    const Scenario scenario =
        scenario_with("[[request]]\nid = \"r\"\ncount = 3\narrival = 4\nevery = 2\nabort_at = 6\nprompt = \"5 tokens\"\n");
    const RequestList list = requests_in(scenario);
    ASSERT_EQ(list.requests.size(), 4U);
    EXPECT_EQ(request_id(scenario, list.requests[0]), "first");
    for (std::size_t i = 1; i < 4; ++i) {
        const ScenarioRequest& request = list.requests[i];
        EXPECT_EQ(request_id(scenario, request), "r#" + std::to_string(i));
        EXPECT_EQ(request.arrival, 2 + 2 * static_cast<std::int64_t>(i));
        EXPECT_EQ(request.abort_at, request.arrival + 2);
        EXPECT_EQ(request.prompt, Tokens{5});
        EXPECT_EQ(request.decode, Tokens{1});
    }
}

TEST(ScenarioRequests, GoToRanksByTurnsUnlessTheySayWhich) {
    const RequestList list = requests_in(scenario_with(
        "[[request]]\nid = \"r\"\nprompt = \"5 tokens\"\nrank = 1\n[[request]]\nid = \"s\"\ncount = 3\nprompt = \"5 tokens\"\n"));
    std::vector<std::int64_t> ranks;
    for (const ScenarioRequest& request : list.requests) ranks.push_back(request.rank);
    EXPECT_EQ(ranks, (std::vector<std::int64_t>{0, 1, 1, 0, 1}));
}

TEST(ScenarioRequests, ShareTextsByName) {
    const RequestList list =
        requests_in(scenario_with("[[request]]\nid = \"a\"\nprompt = \"9 tokens\"\nprefix = \"x\"\nprefix_tokens = \"4 tokens\"\n"
                                  "[[request]]\nid = \"b\"\nprompt = \"9 tokens\"\nprefix = \"y\"\nprefix_tokens = \"5 tokens\"\n"
                                  "[[request]]\nid = \"c\"\nprompt = \"9 tokens\"\nprefix = \"x\"\nprefix_tokens = \"9 tokens\"\n"));
    EXPECT_EQ(list.requests[0].prefix, 0);
    EXPECT_EQ(list.requests[1].prefix, list.requests[3].prefix);
    EXPECT_NE(list.requests[1].prefix, list.requests[2].prefix);
    EXPECT_EQ(list.requests[3].prefix_tokens, Tokens{9});
}

TEST(ScenarioRequests, ContinueTheOneBeforeOrCopyByCopy) {
    const RequestList list =
        requests_in(scenario_with("[[request]]\nid = \"a\"\ncount = 2\nprompt = \"48 tokens\"\ncontinues = \"first\"\n"
                                  "[[request]]\nid = \"b\"\ncount = 2\nprompt = \"60 tokens\"\ncontinues = \"a\"\n"));
    std::vector<std::optional<std::size_t>> continued;
    for (const ScenarioRequest& request : list.requests) continued.push_back(request.continues);
    EXPECT_EQ(continued, (std::vector<std::optional<std::size_t>>{std::nullopt, 0, 0, 1, 2}));
}

TEST(ScenarioRequests, TakeTheirDraftsAsTheySay) {
    const RequestList list = requests_in(scenario_with("[[request]]\nid = \"a\"\nprompt = \"1 token\"\naccepted = [3, 0]\n"));
    EXPECT_TRUE(list.acceptances[list.requests[0].acceptance].empty());
    EXPECT_EQ(list.acceptances[list.requests[1].acceptance], (std::vector<std::int64_t>{3, 0}));
}

TEST(ScenarioRequests, HaveAsManyDraftsAsTheySay) {
    const Scenario scenario =
        scenario_of(read_scenario("case.toml",
                                  "format = 1\nmodel = { group = [{ kind = \"full\" }] }\nmachine = { blocks = 9 }\nscheduler = { "
                                  "async = false, draft = { method = \"ngram\", tokens = 3 } }\n[[request]]\nid = \"a\"\nprompt = "
                                  "\"1 token\"\n[[request]]\nid = \"b\"\nprompt = \"1 token\"\ndrafted = [3, 0]\n"));
    const RequestList list = requests_in(scenario);
    EXPECT_TRUE(list.draftings[list.requests[0].drafting].empty());
    EXPECT_EQ(list.draftings[list.requests[1].drafting], (std::vector<std::int64_t>{3, 0}));
}

constexpr std::string_view drawn =
    "[workload]\nrequests = 2000\narrival_every = 3\nprompt = \"16 to 64 tokens\"\ndecode = \"0 to 8 tokens\"\nprefixes = 3\n"
    "prefix_tokens = \"1 to 20 tokens\"\nshare = \"1/2\"\naborts = \"1/10\"\nabort_within = 4\nacceptance = \"3/4\"\n";

TEST(ScenarioRequests, OfAWorkloadStayInItsBounds) {
    const Scenario scenario = scenario_with(drawn);
    const RequestList list = requests_in(scenario);
    ASSERT_EQ(list.requests.size(), 2001U);
    std::set<std::int64_t> prompts, outputs, prefixes;
    std::size_t shared = 0, aborted = 0;
    for (std::size_t i = 1; i < list.requests.size(); ++i) {
        const ScenarioRequest& request = list.requests[i];
        EXPECT_EQ(request_id(scenario, request), 'w' + std::to_string(i));
        EXPECT_EQ(request.arrival, static_cast<std::int64_t>(i - 1) * 3);
        prompts.insert(request.prompt.value);
        outputs.insert(request.decode.value);
        if (request.prefix != 0) {
            prefixes.insert(request.prefix);
            EXPECT_GE(request.prefix_tokens, Tokens{1});
            EXPECT_LE(request.prefix_tokens, std::min(Tokens{20}, request.prompt));
            ++shared;
        }
        if (request.abort_at) {
            EXPECT_GE(*request.abort_at, request.arrival + 1);
            EXPECT_LE(*request.abort_at, request.arrival + 4);
            ++aborted;
        }
        for (const std::int64_t accepted : list.acceptances[request.acceptance]) EXPECT_TRUE(0 <= accepted && accepted <= 3);
    }
    EXPECT_EQ(prompts.size(), 49U);
    EXPECT_EQ(std::pair(*prompts.begin(), *prompts.rbegin()), std::pair(std::int64_t{16}, std::int64_t{64}));
    EXPECT_EQ(outputs.size(), 9U);
    EXPECT_EQ(prefixes.size(), 3U);
    EXPECT_NEAR(static_cast<double>(shared), 1000, 100);
    EXPECT_NEAR(static_cast<double>(aborted), 200, 60);
}

TEST(ScenarioRequests, OfAWorkloadAcceptDraftsByTheChanceOfEach) {
    const RequestList list = requests_in(scenario_with(drawn));
    std::int64_t accepted = 0, steps = 0;
    for (std::size_t i = 1; i < list.acceptances.size(); ++i)
        for (const std::int64_t drafts : list.acceptances[i]) {
            accepted += drafts;
            ++steps;
        }
    const double expected = 0.75 + 0.75 * 0.75 + 0.75 * 0.75 * 0.75;  // Of three drafts.
    EXPECT_NEAR(static_cast<double>(accepted) / static_cast<double>(steps), expected, 0.15);
}

TEST(ScenarioRequests, AreTheSameOfTheSameSeedAndOthersOfAnother) {
    const auto with_seed = [](const std::string& seed) { return requests_in(scenario_with(std::string(drawn) + seed)); };
    EXPECT_EQ(with_seed(""), with_seed("seed = 1\n"));
    EXPECT_NE(with_seed(""), with_seed("seed = 2\n"));
}

TEST(ScenarioRequests, OfAFileArriveInSteps) {
    const Scenario scenario = scenario_of(load_scenario(KV_SOURCE_DIR "/tests/scenarios/files/recorded-hour.toml"));
    const RequestList list = requests_in(scenario);
    ASSERT_EQ(list.requests.size(), 3U);  // Of the four in the file.
    EXPECT_EQ(list.requests[0].prompt, Tokens{96});
    EXPECT_EQ(list.requests[1].decode, Tokens{16});
    EXPECT_EQ(list.requests[1].arrival, 0);
    EXPECT_EQ(list.requests[2].arrival, 3);
    EXPECT_EQ(list.requests[0].prefix, list.requests[2].prefix);
    EXPECT_EQ(list.requests[1].prefix, 0);
    EXPECT_EQ(list.requests[2].prefix_tokens, Tokens{64});
}

TEST(ScenarioRequests, OfAFileThatIsNotThereAreAnError) {
    const auto made = requests_of(scenario_with("[workload]\nfile = \"nowhere.csv\"\n"));
    ASSERT_TRUE(std::holds_alternative<Diagnostics>(made));
    EXPECT_EQ(std::get<Diagnostics>(made).front().where.file, "nowhere.csv");
}

TEST(SeededDraw, GivesTheNumbersOfItsSourceAndEachInTurn) {
    SeededDraw draw(1234567);  // The first numbers that its author's program prints for this seed.
    EXPECT_EQ(draw.bits(), 6457827717110365317U);
    EXPECT_EQ(draw.bits(), 3203168211198807973U);
    std::array<int, 7> counts{};
    for (int i = 0; i < 7000; ++i) ++counts[static_cast<std::size_t>(draw.below(7))];
    for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace kv::testing
