#include "harness/scenario_run.h"

#include "tests/model/build.h"

#include <gmock/gmock.h>

namespace kv::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view small_head = "format = 1\nseed = 3\n";
constexpr std::string_view one_group = "[[model.group]]\nkind = \"full\"\nblock = \"16 tokens\"\n";

Scenario scenario_of(const std::string& text) {
    auto read = read_scenario("case.toml", text);
    if (const auto* errors = std::get_if<Diagnostics>(&read)) {
        ADD_FAILURE() << to_text(*errors);
        throw std::runtime_error("the case is no scenario");
    }
    return std::get<Scenario>(std::move(read));
}

std::variant<ScenarioRun, Diagnostics> outcome(const std::string& engine, const std::string& text, const RunLimits& limits = {}) {
    EventSink nobody;
    return run_scenario(engine_of(engine), scenario_of(text), nobody, limits);
}

ScenarioRun run(const std::string& engine, const std::string& text, const RunLimits& limits = {}) {
    auto ran = outcome(engine, text, limits);
    if (const auto* errors = std::get_if<Diagnostics>(&ran)) {
        ADD_FAILURE() << to_text(*errors);
        return {};
    }
    return std::get<ScenarioRun>(std::move(ran));
}

std::string complaint(const std::string& engine, const std::string& text) {
    const auto ran = outcome(engine, text);
    const auto* errors = std::get_if<Diagnostics>(&ran);
    return errors != nullptr ? to_text(*errors) : "";
}

std::string with(std::string_view more, std::string_view scheduler = "", std::string_view machine = "blocks = 100\n") {
    return std::string(small_head) + "[model]\nexperts = 8\ntopk = 2\n" + std::string(one_group) + "[machine]\n" + std::string(machine) +
           "[scheduler]\n" + std::string(scheduler) + std::string(more);
}

std::string request(std::string_view id, std::string_view more) {
    return "[[request]]\nid = \"" + std::string(id) + "\"\n" + std::string(more);
}

TEST(ScenarioRun, EndsWhenEveryRequestIsDoneOnEveryEngine) {
    const std::string text = with("[capture]\n" + request("r", "count = 3\nprompt = \"40 tokens\"\ndecode = \"5 tokens\"\n"));
    for (const Engine& engine : engines()) {
        const ScenarioRun ran = run(std::string(engine.name), text);
        EXPECT_EQ(ran.end, RunEnd::done) << engine.name;
        ASSERT_EQ(ran.ranks.size(), 1U);
        EXPECT_EQ(ran.ranks[0].arrived, 3);
        EXPECT_EQ(ran.ranks[0].finished, 3);
        EXPECT_EQ(ran.ranks[0].rows, 3 * 44) << engine.name;
        EXPECT_GE(ran.ranks[0].tokens, 3 * 44) << engine.name;
        EXPECT_GT(ran.events, 0);
    }
}

// Blocks of 16 here and 32 there, or 4 there for 5 here, are errors of the released engines; tokens are paired in the reference.
TEST(ScenarioRun, EndsWhereBlocksOfTwoEnginesDoNotComeOutEven) {
    const auto loaded = [](std::string_view tokens, std::string_view more) {
        return with(request("r", "prompt = \"" + std::string(tokens) + " tokens\"\nexternal = \"" + std::string(tokens) +
                                     " tokens\"\nexternal_steps = 1\n" + std::string(more)));
    };
    const std::string larger = loaded("64", "external_block = \"32 tokens\"\n"), fewer = loaded("65", "external_end = \"64 tokens\"\n");
    for (const std::string& text : {larger, fewer}) {
        const ScenarioRun ran = run("vllm-0.18.0", text);
        EXPECT_EQ(ran.end, RunEnd::fault);
        ASSERT_TRUE(ran.refusal);
        EXPECT_EQ(ran.refusal->type, Raised::assertion_error);
        EXPECT_EQ(run("reference", text).end, RunEnd::done);
        EXPECT_EQ(run("vllm-0.18.0,transfer-lists=by-position", text).end, RunEnd::done);
    }
    EXPECT_EQ(run("vllm-0.18.0", loaded("64", "external_block = \"8 tokens\"\n")).end, RunEnd::done) << "two there for one here";
    EXPECT_EQ(run("reference", fewer).ranks.at(0).loaded_tokens, 64);
}

// A rule of another engine that puts a request out of count ends the run as the engine would, and never ours.
TEST(ScenarioRun, EndsWhereALateOutputLeavesMoreDraftsThanTokens) {
    const std::string text = std::string(small_head) + "[model]\n" + std::string(one_group) +
                             "[machine]\nblocks = 9\n[parallel]\npp = 3\n[scheduler]\nmodel_len_max = \"128 tokens\"\nasync = false\n"
                             "draft = { method = \"ngram\", tokens = 3 }\n" +
                             request("a", "prompt = \"42 tokens\"\ndecode = \"20 tokens\"\naccepted = [0]\n") +
                             request("b", "prompt = \"40 tokens\"\ndecode = \"4 tokens\"\naccepted = [0]\narrival = 1\n") +
                             request("c", "prompt = \"20 tokens\"\ndecode = \"20 tokens\"\naccepted = [0]\narrival = 2\n");
    const ScenarioRun ran = run("vllm-0.18.0", text);
    EXPECT_EQ(ran.end, RunEnd::fault);
    ASSERT_TRUE(ran.refusal);
    EXPECT_EQ(ran.refusal->type, Raised::memory_fault);
    EXPECT_THAT(ran.refusal->message, HasSubstr("3 drafts in a step of"));
    EXPECT_EQ(run("vllm-0.18.0,late-outputs=known-late", text).end, RunEnd::done);
    EXPECT_EQ(run("vllm-0.32.0", text).end, RunEnd::done);
}

// Slot 699,312 of the thread: 40 requests of 32,768 tokens are handed out blocks beyond the half of the pool that has rows.
TEST(ScenarioRun, RaisesTheIndexErrorOfVllm37118AndNotWithItsFix) {
    const std::string text = std::string(small_head) +
                             "[model]\nexperts = 512\ntopk = 10\n"
                             "[[model.group]]\nkind = \"mamba\"\nblock = \"262144 tokens\"\nlayers = 24\n"
                             "[[model.group]]\nkind = \"full\"\nblock = \"272 tokens\"\nlayers = 8\n"
                             "[machine]\nblocks = 5142\n[scheduler]\nmodel_len_max = \"262144 tokens\"\n"
                             "[capture]\n" +
                             request("r", "count = 40\nprompt = \"32768 tokens\"\ndecode = \"2 tokens\"\n");
    const ScenarioRun released = run("vllm-0.18.0", text);
    EXPECT_EQ(released.end, RunEnd::fault);
    ASSERT_TRUE(released.refusal);
    EXPECT_EQ(released.refusal->type, Raised::index_error);
    EXPECT_EQ(released.refusal->figures, (std::vector<std::int64_t>{699312, 0, 699312}));
    EXPECT_EQ(released.faulted, RankId{0});
    EXPECT_EQ(released.plan()->side_buffer->rows, Rows{699312});
    const ScenarioRun fixed = run("vllm-0.18.0+pr-37118", text);
    EXPECT_EQ(fixed.end, RunEnd::done);
    EXPECT_EQ(fixed.model->assumed, "no prefix caching: states of mode none are not kept");
    EXPECT_EQ(fixed.ranks[0].rows, 40 * 32769);
}

// Nine usable blocks hold 144 tokens. A prompt of 145 is never admitted, or preempts itself for ever; nobody is told.
TEST(ScenarioRun, IsStalledWhereARequestIsNeverAdmitted) {
    const auto end = [](const std::string& engine, std::string_view prompt) {
        return run(engine, with(request("r", "prompt = \"" + std::string(prompt) + " tokens\"\n"), "steps_max = 5000\n", "blocks = 10\n"));
    };
    for (const char* engine : {"vllm-0.18.0", "vllm-0.32.0", "reference"}) {
        EXPECT_EQ(end(engine, "144").end, RunEnd::done) << engine;
        const ScenarioRun stalled = end(engine, "145");
        EXPECT_EQ(stalled.end, RunEnd::stalled) << engine;
        EXPECT_LT(stalled.steps, 10) << engine;
        EXPECT_EQ(stalled.ranks[0].waiting, 1) << engine;
        EXPECT_EQ(stalled.ranks[0].finished, 0) << engine;
    }
}

TEST(ScenarioRun, EndsAfterTheStepsThatTheScenarioAllows) {
    const auto steps = [](std::string_view most) {
        return run("vllm-0.32.0", with(request("r", "prompt = \"10 tokens\"\ndecode = \"20 tokens\"\n"),
                                       "steps_max = " + std::string(most) + "\nasync = false\n"));
    };
    EXPECT_EQ(steps("7").end, RunEnd::steps);
    EXPECT_EQ(steps("7").steps, 7);
    EXPECT_EQ(steps("19").end, RunEnd::steps);
    EXPECT_EQ(steps("20").end, RunEnd::done);  // The last of them is the last one's.
    EXPECT_EQ(steps("21").end, RunEnd::done);
}

TEST(ScenarioRun, EndsWhenItIsMoreWorkThanItMayBe) {
    const ScenarioRun ran =
        run("vllm-0.32.0", with(request("r", "prompt = \"10 tokens\"\ndecode = \"1000 tokens\"\n")), {.work_max = 100'000});
    EXPECT_EQ(ran.end, RunEnd::work);
}

TEST(ScenarioRun, RefusesPromptsWithoutRoomForAnOutputAndCutsOutputs) {
    const auto tally = [](std::string_view prompt) {
        return run("vllm-0.32.0", with(request("r", "prompt = \"" + std::string(prompt) + " tokens\"\ndecode = \"50 tokens\"\n"),
                                       "model_len_max = \"64 tokens\"\n"))
            .ranks.at(0);
    };
    EXPECT_EQ(tally("63").finished, 1);
    EXPECT_EQ(tally("63").tokens, 63);
    EXPECT_EQ(tally("64").arrived, 0);
    EXPECT_EQ(tally("64").refused, 1);
    EXPECT_EQ(tally("20").tokens, 63);  // 44 outputs, of which the last is not computed.
}

TEST(ScenarioRun, SharesTextsThatAreNamedAndContinued) {
    const std::string shared = request("a", "prompt = \"64 tokens\"\nprefix = \"text\"\nprefix_tokens = \"48 tokens\"\n") +
                               request("b", "prompt = \"64 tokens\"\narrival = 10\nprefix = \"text\"\nprefix_tokens = \"40 tokens\"\n") +
                               request("c", "prompt = \"64 tokens\"\narrival = 20\n");
    // Of 40 tokens two blocks of 16 are whole.
    EXPECT_EQ(run("vllm-0.32.0", with(shared)).ranks[0].hit_tokens, 32);
    const std::string on = request("a", "prompt = \"30 tokens\"\ndecode = \"20 tokens\"\n") +
                           request("b", "prompt = \"100 tokens\"\narrival = 40\ncontinues = \"a\"\n") +
                           request("c", "prompt = \"120 tokens\"\narrival = 80\ncontinues = \"b\"\n");
    // Of 50 tokens 49 were computed, three blocks; of the 101 of the second 100, six blocks.
    EXPECT_EQ(run("vllm-0.32.0", with(on)).ranks[0].hit_tokens, 48 + 96);
}

TEST(ScenarioRun, AcceptsTheDraftsThatTheScenarioSays) {
    const auto tokens = [](std::string_view accepted) {
        return run("vllm-0.32.0", with(request("r", "prompt = \"10 tokens\"\ndecode = \"13 tokens\"\n" + std::string(accepted)),
                                       "async = false\ndraft = { method = \"ngram\", tokens = 3 }\n"));
    };
    // All: the first token, then four a step.
    EXPECT_EQ(tokens("").steps, 4);
    EXPECT_EQ(tokens("accepted = [3]\n").steps, 4);
    EXPECT_EQ(tokens("accepted = [0]\n").steps, 13);
    EXPECT_EQ(tokens("accepted = [1]\n").steps, 7);
    EXPECT_EQ(tokens("accepted = [0, 2]\n").steps, 7);
}

TEST(ScenarioRun, LoadsWhatWasComputedElsewhere) {
    const auto ran = [](std::string_view load) {
        return run("vllm-0.32.0",
                   with(request("r", "prompt = \"64 tokens\"\ndecode = \"2 tokens\"\n" + std::string(load)), "async = false\n"));
    };
    EXPECT_EQ(ran("").ranks[0].tokens, 65);
    const ScenarioRun at_once = ran("external = \"48 tokens\"\n");
    EXPECT_EQ(at_once.ranks[0].loaded_tokens, 48);
    EXPECT_EQ(at_once.ranks[0].tokens, 17);
    EXPECT_EQ(at_once.steps, 2);
    const ScenarioRun waits = ran("external = \"64 tokens\"\nexternal_steps = 5\n");
    EXPECT_EQ(waits.ranks[0].loaded_tokens, 64);
    EXPECT_EQ(waits.ranks[0].tokens, 2);  // The last of the prompt again, and one output.
    EXPECT_EQ(waits.steps, 7);
    const ScenarioRun fails = ran("external = \"64 tokens\"\nexternal_steps = 5\nexternal_fails = true\n");
    EXPECT_EQ(fails.end, RunEnd::done);
    EXPECT_EQ(fails.ranks[0].tokens, 65);
}

TEST(ScenarioRun, SendsRequestsToTheirRanks) {
    const std::string text = with("[parallel]\ndp = 2\n[capture]\n" + request("r", "count = 4\nprompt = \"20 tokens\"\n") +
                                  request("s", "prompt = \"20 tokens\"\nrank = 1\nrouted_experts = false\n"));
    const ScenarioRun ran = run("reference", text);
    ASSERT_EQ(ran.ranks.size(), 2U);
    EXPECT_EQ(ran.ranks[0].finished, 2);
    EXPECT_EQ(ran.ranks[1].finished, 3);
    EXPECT_EQ(ran.ranks[1].rows, 40);  // Who does not want rows gets none.
}

TEST(ScenarioRun, IsOneRunForOneScenario) {
    const std::string text = with("[workload]\nrequests = 30\nprompt = \"1 to 200 tokens\"\ndecode = \"1 to 30 tokens\"\n");
    const ScenarioRun ran = run("vllm-0.32.0", text);
    EXPECT_EQ(ran.digest, run("vllm-0.32.0", text).digest);
    EXPECT_NE(ran.digest, run("vllm-0.18.0", text).digest);
    EXPECT_EQ(ran.ranks[0].finished, 30);
}

TEST(ScenarioRun, TakesAModelFromItsConfig) {
    const auto text = [](std::string_view model, std::string_view more) {
        return std::string(small_head) + "[model]\nconfig = \"" KV_SOURCE_DIR "/tests/golden/models/" + std::string(model) +
               "/config.json\"\n[machine]\nblocks = 2000\n[parallel]\ntp = 2\n[capture]\n" + std::string(more) +
               request("r", "prompt = \"100 tokens\"\ndecode = \"9 tokens\"\n");
    };
    for (const char* engine : {"vllm-0.18.0", "vllm-0.32.0", "reference"}) {
        const ScenarioRun ran = run(engine, text("qwen3-30b-a3b", ""));
        EXPECT_EQ(ran.end, RunEnd::done) << engine;
        ASSERT_TRUE(ran.model && ran.model->capture) << engine;
        EXPECT_EQ(ran.model->capture->layers, 48);
        EXPECT_EQ(ran.model->capture->routers.experts, 128);
        EXPECT_EQ(ran.model->capture->routers.topk, 8);
        EXPECT_EQ(ran.ranks[0].rows, 108) << engine;
    }
    EXPECT_THAT(complaint("vllm-0.32.0", text("llama-3.1-8b", "")), HasSubstr("does not say how many experts a layer has"));
    EXPECT_THAT(complaint("vllm-0.32.0", text("no-such-model", "")), HasSubstr("case.toml:4:10: error: "));
}

TEST(ScenarioRun, RunsLayersWithBlocksAndWithoutMemory) {
    const std::string layers =
        "[model]\n[[model.layer]]\nid = \"full\"\nkind = \"full\"\nkv_heads = 8\nhead_size = 64\nlayers = 4\n[machine]\nblocks = 50\n";
    for (const char* engine : {"vllm-0.18.0", "vllm-0.32.0"}) {
        const ScenarioRun ran = run(engine, std::string(small_head) + layers + "[scheduler]\nmodel_len_max = \"512 tokens\"\n" +
                                                request("r", "prompt = \"100 tokens\"\n"));
        EXPECT_EQ(ran.end, RunEnd::done) << engine;
        EXPECT_EQ(ran.plan()->workers[0].blocks, Blocks{50});
        EXPECT_EQ(ran.model->assumed, "memory enough for the blocks");
    }
}

TEST(ScenarioRun, AnswersWithTheRefusalOfWhoeverRefuses) {
    const std::string asked = request("r", "prompt = \"10 tokens\"\n");
    EXPECT_EQ(run("vllm-0.32.0", with("[cache]\nprefix_caching = false\n[capture]\n" + asked)).end, RunEnd::start_refused);
    const std::string encoder = std::string(small_head) + "[model]\n[[model.group]]\nkind = \"encoder_only\"\n[machine]\nblocks = 9\n";
    EXPECT_EQ(run("vllm-0.18.0", encoder + asked).end, RunEnd::plan_refused);
    EXPECT_EQ(run("vllm-0.18.0", encoder + asked).refusal->type, Raised::zero_division_error);
    // Two kinds with context parallel ranks: the manager of 0.18.0 asserts that there are none.
    const ScenarioRun context = run("vllm-0.18.0", std::string(small_head) + "[model]\n" + std::string(one_group) +
                                                       "[[model.group]]\nkind = \"full\"\nblock = \"32 tokens\"\n[machine]\nblocks = 99\n"
                                                       "[parallel]\ndcp = 2\n" +
                                                       asked);
    EXPECT_EQ(context.end, RunEnd::start_refused);
    EXPECT_EQ(context.refusal->type, Raised::assertion_error);
}

TEST(ScenarioRun, TellsWhatWouldTakeTooMuchMemoryAtItsPlace) {
    EXPECT_THAT(complaint("vllm-0.32.0", with(request("ok", "prompt = \"10 tokens\"\n") + request("r", "prompt = \"900000000 tokens\"\n"),
                                              "model_len_max = \"1000000000 tokens\"\nsequences_max = 1\n")),
                HasSubstr("case.toml:17:1: error: a request of 900000"));
    EXPECT_THAT(complaint("vllm-0.32.0", with(request("r", "count = 1000000\nprompt = \"100000 tokens\"\n"),
                                              "model_len_max = \"200000 tokens\"\nsequences_max = 1\n")),
                HasSubstr("the requests take more than 2048 MiB"));
    EXPECT_THAT(complaint("vllm-0.32.0", with(request("r", "prompt = \"1 token\"\n"), "", "blocks = 1000000000000\n")),
                HasSubstr("error: running it takes more than 2048 MiB: the blocks of the pool"));
    EXPECT_THAT(complaint("vllm-0.32.0", with("[parallel]\ndp = 300\n")), HasSubstr("300 data parallel ranks"));
    EXPECT_THAT(complaint("vllm-0.18.0", std::string(small_head) + "[model]\nexperts = 9\ntopk = 1\ndense_first = 3\n" +
                                             std::string(one_group) + "[machine]\nblocks = 9\n[capture]\n"),
                HasSubstr("`dense_first` is 3: the model has 1 layers"));
}

struct RoomSeen : EventSink {
    using EventSink::see;
    void see(const EncoderRoomChanged& event) override { free.push_back(event.free.value); }
    std::vector<std::int64_t> free = {};
};

std::vector<std::int64_t> room_on(const std::string& engine) {
    const std::string text = std::string(small_head) +
                             "[model]\n[[model.group]]\nkind = \"full\"\nblock = \"16 tokens\"\n[[model.group]]\nkind = \"cross\"\nblock = "
                             "\"16 tokens\"\n[machine]\nblocks = 100\n[scheduler]\nencoder_tokens_max = \"100 tokens\"\nasync = false\n" +
                             request("r", "count = 2\nprompt = \"20 tokens\"\ndecode = \"3 tokens\"\nencoder = \"100 tokens\"\n");
    RoomSeen seen;
    const auto ran = run_scenario(engine_of(engine), scenario_of(text), seen, {});
    EXPECT_EQ(std::get<ScenarioRun>(ran).end, RunEnd::done) << engine;
    return seen.free;
}

TEST(ScenarioRun, GivesTheRoomOfAnEncodersOutputBackOnceOrWithEachOutput) {
    EXPECT_EQ(room_on("reference"), (std::vector<std::int64_t>{0, 100, 0, 100}));
    // With each of three outputs and at the end: eight times for two requests.
    const std::vector<std::int64_t> released = room_on("vllm-0.32.0");
    EXPECT_EQ(released.size(), 10U);
    EXPECT_EQ(released.back(), 100 + 6 * 100);
    EXPECT_EQ(room_on("vllm-0.18.0").back(), 100 + 6 * 100);
    EXPECT_EQ(room_on("vllm-0.32.0,encoder-release=once"), room_on("reference"));
}

TEST(ScenarioRun, DraftsAsManyAsARequestSays) {
    struct DraftsSeen : EventSink {
        using EventSink::see;
        void see(const StepScheduled& event) override {
            for (const ScheduledPart& part : event.scheduled) drafts.push_back(part.drafts);
        }
        std::vector<std::int64_t> drafts = {};
    } seen;
    const std::string text = with(request("r", "prompt = \"20 tokens\"\ndecode = \"6 tokens\"\ndrafted = [3, 0]\naccepted = [0]\n"),
                                  "async = false\ndraft = { method = \"ngram\", tokens = 3 }\n");
    const auto ran = run_scenario(engine_of("reference"), scenario_of(text), seen, {});
    EXPECT_EQ(std::get<ScenarioRun>(ran).end, RunEnd::done);
    EXPECT_EQ(seen.drafts, (std::vector<std::int64_t>{0, 3, 0, 3, 0, 3}));
}

TEST(ScenarioRun, HoldsARefusalAgainstTheLongestRequestThatTheMemoryHolds) {
    struct LengthSeen : EventSink {
        using EventSink::see;
        void see(const PlanRefused& event) override { refused = std::tuple(event.asked, event.estimated); }
        void see(const LengthConstructed& event) override { length = event.length.value; }
        std::optional<std::tuple<std::optional<Tokens>, std::optional<Tokens>>> refused = {};
        std::int64_t length = -1;
    };
    const auto asked = [](const std::string& engine, const std::string& length, std::string_view memory) {
        const std::string text = std::string(small_head) +
                                 "[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nblock = \"16 tokens\"\nkv_heads = 8\nhead_size = "
                                 "64\nlayers = 3\n[machine]\nmemory = " +
                                 std::string(memory) + "\n[parallel]\npp = 2\nstages = [1, 2]\n[scheduler]\nmodel_len_max = \"" + length +
                                 "\"\n";
        LengthSeen seen;
        static_cast<void>(run_scenario(engine_of(engine), scenario_of(text), seen, {}));
        return seen;
    };
    // Blocks of 32 KiB a layer: the first stage has eleven of them, the second more.
    const std::string whole = "vllm-0.32.0,rank-scope=whole-model";
    const LengthSeen refused = asked(whole, "1000 tokens", "[\"352 KiB\", \"1 GiB\"]");
    ASSERT_TRUE(refused.refused);
    EXPECT_EQ(*refused.refused, std::tuple(Tokens{1000}, Tokens{48}));
    EXPECT_EQ(refused.length, 160);
    const LengthSeen fitted = asked(whole, "fit up to 1000 tokens", "[\"352 KiB\", \"1 GiB\"]");
    EXPECT_FALSE(fitted.refused);
    EXPECT_EQ(fitted.length, 160);
    EXPECT_EQ(asked("vllm-0.32.0", "160 tokens", "[\"352 KiB\", \"1 GiB\"]").length, -1) << "nobody was refused, and no length was fitted";
}

}  // namespace
}  // namespace kv::testing
