// What is wrong in the sections of a scenario that planning does not read. Added lines begin in line 18.
#include "tests/scenarios/scenario_text.h"

#include <gtest/gtest.h>

namespace kv::testing {
namespace {

std::string request(std::string_view lines) { return wrong_with("[[request]]\nid = \"r\"\nprompt = \"40 tokens\"\n" + std::string(lines)); }
std::string expectation(std::string_view lines) { return wrong_with("[[expect]]\n" + std::string(lines)); }
std::string workload(std::string_view lines) { return wrong_with("[workload]\n" + std::string(lines)); }

TEST(ScenarioError, OfTheHead) {
    const auto head = [](const std::string& lines) { return wrong_in(lines + std::string(small_scenario)); };
    EXPECT_EQ(head("seed = -1\n"), "1:8+2 `seed` is -1: expected 0 to 9007199254740991");
    EXPECT_EQ(head("affects = [\"vllm-0.18.0\", \"vllm-0.33\"]\n"), "1:27+11 `affects` names \"vllm-0.33\": did you mean \"vllm-0.33.0\"?");
    EXPECT_EQ(head("affects = [\"vllm-0.18.0\", \"vllm-0.18.0\"]\n"), "1:27+13 `affects` names \"vllm-0.18.0\" twice");
    EXPECT_EQ(head("bugs = [\"B19\", \"R15\"]\n"), "none");
    EXPECT_EQ(head("bugs = [\"C19\"]\n"), "1:9+5 `bugs` names \"C19\": did you mean \"B19\"?");
    EXPECT_EQ(head("bugs = [\"a bug\"]\n"), "1:9+7 `bugs` names \"a bug\": expected the number of a known bug, such as \"B19\"");
    EXPECT_EQ(head("titel = \"x\"\n"), "1:1+5 unknown key `titel` in the head of the file: did you mean `title`?");
}

TEST(ScenarioError, OfARequestThatLacksSomething) {
    EXPECT_EQ(wrong_with("[[request]]\n"),
              "18:1+11 [[request]] has no `id`: expected name of the request: letters, digits, _ - .; copies are \"id#1\", \"id#2\", ...\n"
              "18:1+11 [[request]] has no `prompt`: expected length of the prompt");
    EXPECT_EQ(wrong_with("[request]\nid = \"r\"\n"), "18:2+7 `request` is given a second time");
    EXPECT_EQ(wrong_in("format = 1\n[request]\n[model]\nconfig = \"c\"\n[machine]\nmemory = \"1 B\"\n"),
              "2:1+9 `request` is a table: expected [[request]] with two brackets");
}

TEST(ScenarioError, OfARequestsId) {
    EXPECT_EQ(wrong_with("[[request]]\nid = \"first\"\nprompt = \"1 token\"\n"),
              "19:6+7 `id` is `first` a second time: ids differ from each other");
    EXPECT_EQ(wrong_with("[[request]]\nid = \"a b\"\nprompt = \"1 token\"\n"),
              "19:6+5 `id` is \"a b\": expected a letter or _, then letters, digits, _ - .");
    EXPECT_EQ(wrong_with("[[request]]\nid = \"w12\"\nprompt = \"1 token\"\n"),
              "19:6+5 `id` is `w12`: requests of a workload are called so, expected another name");
}

TEST(ScenarioError, OfARequestsRankAndTimes) {
    EXPECT_EQ(request("rank = 2\n"), "21:8+1 `rank` is 2: there are dp = 2 ranks, from 0");
    EXPECT_EQ(request("arrival = 5\nabort_at = 4\n"), "22:12+1 `abort_at` is before the arrival in step 5");
    EXPECT_EQ(request("count = 1048577\n"), "21:9+7 `count` is 1048577: expected 1 to 1048576");
    EXPECT_EQ(request("count = 1048576\n"), "21:9+7 more than 1048576 requests with this: there are 1048577 so far");
}

TEST(ScenarioError, OfARequestsPrefix) {
    EXPECT_EQ(request("prefix = \"s\"\n"),
              "21:10+3 `prefix` has no `prefix_tokens` beside it: expected how many tokens of the text the prompt begins with");
    EXPECT_EQ(request("prefix_tokens = \"8 tokens\"\n"),
              "21:17+10 `prefix_tokens` has no `prefix` beside it: expected the name of the text");
    EXPECT_EQ(request("prefix = \"s\"\nprefix_tokens = \"41 tokens\"\n"), "22:17+11 `prefix_tokens` is more than the prompt of 40 tokens");
    EXPECT_EQ(request("prefix = \"s\"\nprefix_tokens = 8\n"), "22:17+1 `prefix_tokens` needs a unit: write \"8 tokens\"");
}

TEST(ScenarioError, OfWhatARequestContinues) {
    EXPECT_EQ(request("continues = \"frist\"\n"), "21:13+7 `continues` is `frist`: did you mean `first`?");
    EXPECT_EQ(request("continues = \"r\"\n"), "21:13+3 `continues` is `r`: no request before this one has that id");
    EXPECT_EQ(request("continues = \"first\"\n"), "20:10+11 `prompt` is shorter than what it continues: `first` is 48 tokens");
    EXPECT_EQ(wrong_with("[[request]]\nid = \"a\"\ncount = 2\nprompt = \"1 token\"\n[[request]]\nid = \"b\"\ncount = 3\nprompt = \"9 "
                         "tokens\"\ncontinues = \"a\"\n"),
              "26:13+3 `continues` is a request of 2 copies: expected one, or as many as here");
}

TEST(ScenarioError, OfALoad) {
    EXPECT_EQ(request("external = \"64 tokens\"\n"), "21:12+11 `external` is more than the prompt of 40 tokens");
    EXPECT_EQ(request("external_fails = true\n"),
              "21:18+4 `external_fails` has no `external` beside it: expected how many tokens are loaded");
}

TEST(ScenarioError, OfDrafts) {
    EXPECT_EQ(request("accepted = [3, 4]\n"), "21:16+1 `accepted` is 4: a step drafts 3 tokens");
    EXPECT_EQ(wrong_in("format = 1\nmodel = { group = [{ kind = \"full\" }] }\nmachine = { blocks = 9 }\nrequest = [{ id = \"r\", prompt = "
                       "\"1 token\", accepted = [1] }]\n"),
              "4:55+3 `accepted` stands without [scheduler] draft: nothing is drafted");
}

TEST(ScenarioError, OfHowManyAreDrafted) {
    EXPECT_EQ(request("drafted = [3, 0]\n"),
              "21:11+6 `drafted` needs [scheduler] async = false: a step ahead counts on as many drafts as there can be");
    EXPECT_EQ(
        wrong_in("format = 1\nmodel = { group = [{ kind = \"full\" }] }\nmachine = { blocks = 9 }\nscheduler = { async = false, draft "
                 "= { method = \"ngram\", tokens = 3 } }\n[[request]]\nid = \"r\"\nprompt = \"1 token\"\ndrafted = [0, 4]\n"),
        "8:15+1 `drafted` is 4: a step drafts 3 tokens");
}

TEST(ScenarioError, OfAnEncodersInput) {
    const auto asked = [](std::string_view scheduler) {
        return wrong_in("format = 1\nmodel = { group = [{ kind = \"cross\" }] }\nmachine = { blocks = 9 }\nscheduler = { " +
                        std::string(scheduler) + " }\n[[request]]\nid = \"r\"\nprompt = \"1 token\"\nencoder = \"1500 tokens\"\n");
    };
    EXPECT_EQ(asked("encoder_tokens_max = \"1500 tokens\""), "none");
    EXPECT_EQ(asked("encoder_tokens_max = \"1499 tokens\""),
              "8:11+13 `encoder` is more than an encoder takes: [scheduler] allows 1499 tokens");
    EXPECT_EQ(asked("encoder_tokens_max = \"8192 tokens\", encoder_input_max = \"100 tokens\""),
              "8:11+13 `encoder` is more than an encoder takes: [scheduler] allows 100 tokens");
}

TEST(ScenarioError, OfAWorkload) {
    EXPECT_EQ(workload(""),
              "18:1+10 [workload] has no `requests`: expected it, or the `file` of a CSV\n"
              "18:1+10 [workload] has no `prompt`: expected it, or the `file` of a CSV");
    EXPECT_EQ(workload("file = \"a.csv\"\nprompt = \"1 token\"\n"), "20:10+9 `prompt` stands beside `file`, which says it");
    EXPECT_EQ(workload("requests = 2\nprompt = \"16 to 8 tokens\"\n"),
              "20:10+16 `prompt` ends below its start: write the smaller number first");
    EXPECT_EQ(workload("requests = 2\nprompt = \"few to 8 tokens\"\n"),
              "20:10+17 `prompt` does not start with a whole number: write it like \"16 to 64 tokens\"");
    EXPECT_EQ(workload("requests = 2\nprompt = \"1 to 8\"\n"), "20:10+8 `prompt` needs a unit: write \"8 tokens\"");
    EXPECT_EQ(workload("requests = 2\nprompt = \"0 to 8 tokens\"\n"),
              "20:10+15 `prompt` is 0 tokens: expected 1 tokens to 1000000000 tokens");
    EXPECT_EQ(workload("requests = 2\nprompt = \"8 tokens\"\nshare = \"3/2\"\naborts = \"half\"\n"),
              "21:9+5 `share` is not between \"0/1\" and \"1/1\"\n22:10+6 `aborts` is no part: write it like \"3/4\"");
    EXPECT_EQ(workload("requests = 2\nprompt = \"8 tokens\"\nacceptance = 0.5\n"),
              "21:14+3 `acceptance` is a number with a point: expected a part such as \"3/4\"");
    EXPECT_EQ(workload("requests = 2\nprompt = \"8 tokens\"\nprefixes = 2\n"),
              "21:12+1 `prefixes` has no `prefix_tokens` beside it: expected how much of the texts is shared");
}

TEST(ScenarioError, OfAnExpectation) {
    EXPECT_EQ(expectation(""), "18:1+10 [[expect]] has no `property`: expected the id of one, `ends`, or none = true");
    EXPECT_EQ(expectation("property = \"slot-in-bound\"\n"), "19:12+15 `property` is \"slot-in-bound\": did you mean \"slot-in-bounds\"?");
    EXPECT_EQ(expectation("property = \"row-fresh\"\nverdict = \"brokn\"\n"), "20:11+7 `verdict` is \"brokn\": did you mean \"broken\"?");
    EXPECT_EQ(expectation("property = \"row-fresh\"\nreported = \"8 tokens\"\n"),
              "20:1+8 `reported` does not fit the property `row-fresh`: it is a key of capacity-true");
    EXPECT_EQ(expectation("property = \"row-fresh\"\nverdict = \"holds\"\ncount = 2\n"),
              "21:9+1 `count` stands beside the verdict \"holds\": a property that holds has no finding");
    EXPECT_EQ(expectation("property = \"row-fresh\"\nrank = 2\nstep = 1000000\ngroup = 1\n"),
              "20:8+1 `rank` is 2: there are dp = 2 ranks, from 0\n"
              "21:8+7 `step` is 1000000: a run ends after steps_max = 1000000\n"
              "22:9+1 `group` is 1: there are 1 groups, from 0");
}

TEST(ScenarioError, OfAnExpectedEnd) {
    EXPECT_EQ(expectation("ends = \"fault\"\nerror = \"IndexError\"\n"), "none");
    EXPECT_EQ(expectation("ends = \"faulty\"\n"), "19:8+8 `ends` is \"faulty\": did you mean \"fault\"?");
    EXPECT_EQ(expectation("ends = \"done\"\nerror = \"IndexError\"\n"),
              "20:9+12 `error` stands beside `ends` = \"done\", where the engine raises nothing");
    EXPECT_EQ(expectation("error = \"IndexError\"\n"),
              "18:1+10 [[expect]] has no `property`: expected the id of one, `ends`, or none = true\n"
              "19:9+12 `error` stands without `ends`: expected how the run ends too");
    EXPECT_EQ(expectation("ends = \"done\"\nrows = 3\n"), "20:1+4 `rows` stands beside `ends`: write an [[expect]] of its own");
    EXPECT_EQ(expectation("ends = \"done\"\n[[expect]]\nnone = true\n"), "none");
}

TEST(ScenarioError, OfTheRequestThatAnExpectationNames) {
    const auto named = [](const std::string& id) { return expectation("property = \"row-fresh\"\nrequest = \"" + id + "\"\n"); };
    EXPECT_EQ(named("first"), "none");
    EXPECT_EQ(named("frst"), "20:11+6 `request` is `frst`: did you mean `first`?");
    EXPECT_EQ(named("first#1"), "20:11+9 `request` is `first#1`: did you mean `first`?");
    EXPECT_EQ(named("w1"), "20:11+4 `request` is `w1`: no request has that id");
    const std::string copies =
        "[[request]]\nid = \"r\"\ncount = 3\nprompt = \"1 token\"\n[[expect]]\nproperty = \"row-fresh\"\nproducer = ";
    EXPECT_EQ(wrong_with(copies + "\"r#3\"\n"), "none");
    EXPECT_EQ(wrong_with(copies + "\"r\"\n"), "24:12+3 `producer` has 3 copies: write \"r#1\" for the first");
    EXPECT_EQ(wrong_with(copies + "\"r#4\"\n"), "24:12+5 `producer` is `r#4`: no request has that id");
    EXPECT_EQ(wrong_with(copies + "\"r#01\"\n"), "24:12+6 `producer` is `r#01`: no request has that id");
    const std::string drawn = "[workload]\nrequests = 2\nprompt = \"1 token\"\n[[expect]]\nproperty = \"row-fresh\"\nrequest = ";
    EXPECT_EQ(wrong_with(drawn + "\"w2\"\n"), "none");
    EXPECT_EQ(wrong_with(drawn + "\"w3\"\n"), "23:11+4 `request` is `w3`: no request has that id");
}

TEST(ScenarioError, OfNoneThatIsNotAlone) {
    EXPECT_EQ(expectation("none = true\n"), "none");
    EXPECT_EQ(expectation("none = false\n"), "19:8+5 `none` is false: leave it out, or write true");
    EXPECT_EQ(expectation("none = true\nproperty = \"row-fresh\"\n"), "20:1+8 `property` stands beside `none`, which stands alone");
    EXPECT_EQ(expectation("none = true\n[[expect]]\nproperty = \"row-fresh\"\n"),
              "18:1+10 `none` stands beside other expectations: it says that there is no finding at all");
}

TEST(ScenarioError, OfHowTheModelIsSaid) {
    EXPECT_EQ(wrong_in("format = 1\n[model]\nconfig = \"c.json\"\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = "
                       "8\n[machine]\nmemory = \"1 B\"\n"),
              "3:10+8 `config` stands beside [[model.layer]]: a model is said in one way");
    EXPECT_EQ(wrong_in("format = 1\n[[model.group]]\nkind = \"full\"\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nkv_heads = "
                       "1\nhead_size = 8\n[machine]\nblocks = 2\n"),
              "2:1+15 [[model.group]] stands beside [[model.layer]]: a model is said in one way");
    EXPECT_EQ(wrong_in("format = 1\n[[model.group]]\nkind = \"sliding_window\"\n[machine]\nmemory = \"1 B\"\n"),
              "2:1+15 [[model.group]] has no `window`: expected tokens that attention looks back, the current one counted\n"
              "4:1+9 [machine] has no `blocks`: expected how many there are, because [[model.group]] says no page");
    EXPECT_EQ(wrong_in("format = 1\n[model]\nconfig = \"\"\n[machine]\n"),
              "3:10+2 `config` is empty: expected the path of a config.json\n"
              "4:1+9 [machine] has no `memory`: expected a size for the cache, or `blocks`");
}

TEST(ScenarioError, OfRoutersAndCapture) {
    const auto model = [](const std::string& lines, const std::string& more) {
        return wrong_in("format = 1\n[model]\n" + lines + "[[model.group]]\nkind = \"full\"\n[machine]\nblocks = 2\n" + more);
    };
    EXPECT_EQ(model("experts = 4\ntopk = 5\n", ""), "4:8+1 `topk` is 5: a layer has 4 experts");
    EXPECT_EQ(model("experts = 4\n", ""), "3:11+1 `experts` has no `topk` beside it: expected how many of them a token is routed to");
    EXPECT_EQ(model("", "[capture]\n"), "7:1+9 [capture] of a model without `experts`: expected them and `topk` in [model], or a `config`");
    EXPECT_EQ(model("experts = 4\ntopk = 1\n", "[capture]\ndraft_layers = 1\n"),
              "10:16+1 `draft_layers` stands without [scheduler] draft: there is no drafter");
    EXPECT_EQ(wrong_with("[capture]\ndraft_first = 1\n"),
              "19:15+1 `draft_first` has no `draft_layers` beside it: the drafter has no layer with a router");
}

TEST(ScenarioError, OfRanksAndSteps) {
    const auto other = [](const std::string& lines) {
        return wrong_in("format = 1\nmodel = { group = [{ kind = \"full\" }] }\nmachine = { blocks = 2 }\n" + lines);
    };
    EXPECT_EQ(other("[parallel]\nlayout = \"padded\"\n"),
              "5:10+8 `layout` is \"padded\": expected one of joined, local, padded-gather, gathered-shards, shard, graph-padded");
    EXPECT_EQ(other("[parallel]\nmicro_batches = 3\n"), "5:17+1 `micro_batches` is 3: expected 1 to 2");
    EXPECT_EQ(other("[scheduler]\ngraph_sizes = [1, 8, 4]\n"), "5:22+1 `graph_sizes` do not rise: 4 after 8");
    EXPECT_EQ(
        other("[[reset]]\nrank = 1\n"),
        "4:1+9 [[reset]] has no `step`: expected step before which it is asked for\n5:8+1 `rank` is 1: there are dp = 1 ranks, from 0");
}

TEST(ScenarioError, AreAllToldAtOnceAndASyntaxErrorAlone) {
    const std::string wrong = "seed = \"x\"\n" + small_with("rnak = 1\n[[expect]]\nproperty = \"row\"\n[capture]\nenabled = 1\n");
    EXPECT_EQ(wrong_in(wrong),
              "1:8+3 `seed` is a string: expected an integer, without quotes\n"
              "19:1+4 unknown key `rnak` in [[request]]: did you mean `rank`?\n"
              "21:12+5 `property` is \"row\": expected one of capacity-true, slot-in-bounds, row-fresh, map-agrees, buffer-fits, "
              "pad-inert, page-unified, hit-complete, layout-match, admit-agrees, shard-partition, xfer-match, id-space, "
              "block-conserved, live-read, ranks-agree, hit-maximal, offset-fits, window-exact\n"
              "23:11+1 `enabled` is an integer: expected true or false, without quotes");
    const std::string cut = wrong_in(wrong + "[[expect\n");
    EXPECT_EQ(cut.find('\n'), std::string::npos) << cut;
    EXPECT_TRUE(cut.starts_with("24:9")) << cut;
}

TEST(ScenarioError, OfMoreTablesThanThereAreOrALineOfThem) {
    std::string many;
    for (int i = 0; i < 16385; ++i) many += "[[reset]]\nstep = 1\n";
    EXPECT_EQ(wrong_with(many), "32786:1+9 more than 16384 tables of `reset`");
    std::string line = "reset = [";
    for (int i = 0; i < 2000; ++i) line += "{ step = 1 }, ";
    EXPECT_EQ(wrong_in(line + "]\n" + std::string(small_scenario)),
              "1:10+12 a table of `reset` in a line of more than 16384 bytes: expected shorter lines");
}

}  // namespace
}  // namespace kv::testing
