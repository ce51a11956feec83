#include "harness/kernel_checks.h"
#include "kernels/device.h"
#include "kernels/twins.h"
#include "reports/kernel_json.h"
#include "reports/kernel_text.h"
#include "tests/cli/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kv::testing {
namespace {

using Json = nlohmann::json;

TEST(Kernels, PassOnTheHostAndNameWhatWasCheckedAndWhatWasNot) {
    const Said said = kvproof("kernels --device cpu --cases 200");
    EXPECT_EQ(said.status, 0) << said.out << said.err;
    EXPECT_EQ(said.out.find("seed 1, 200 cases\ndevice: none (not asked for)\n"), 0U) << said.out;
    for (const KernelTwinText& twin : kernel_twins) EXPECT_NE(said.out.find("host/twin/" + std::string(twin.id)), std::string::npos);
    EXPECT_NE(said.out.find("11 checks were skipped: not asked for"), std::string::npos) << said.out;
}

TEST(Kernels, SayWithAutoWhichMachineTheyTook) {
    const DeviceAvailability device = device_available();
    const Said said = kvproof("kernels --cases 20");
    EXPECT_EQ(said.status, 0) << said.out << said.err;
    EXPECT_NE(said.out.find(device.available ? "device: " + device.text : "device: none (" + device.text + ")"), std::string::npos)
        << said.out;
}

TEST(Kernels, RefuseADeviceThatIsNotThereAndSayWhy) {
    const DeviceAvailability device = device_available();
    if (device.available) GTEST_SKIP() << "there is a device: " << device.text;
    for (const std::string flag : {"--device cuda", "--plant"}) {
        const Said said = kvproof("kernels " + flag);
        EXPECT_EQ(said.status, 2);
        EXPECT_EQ(said.out, "");
        EXPECT_EQ(said.err, "kvproof kernels: error: " + flag + ": " + device.text + "\n");
    }
}

TEST(Kernels, RefuseWordsAndNumbersThatTheyDoNotKnow) {
    for (const std::string arguments :
         {"--device gpu", "--cases 0", "--cases -1", "--cases many", "--cases 100000001", "--seed -1", "--format xml"})
        EXPECT_EQ(kvproof("kernels " + arguments).status, 2) << arguments;
}

TEST(Kernels, AnswerTheSameBytesForTheSameSeedAsJson) {
    const Said once = kvproof("kernels --device cpu --cases 50 --seed 9 --format json");
    EXPECT_EQ(once.out, kvproof("kernels --device cpu --cases 50 --seed 9 --format json").out);
    EXPECT_NE(once.out, kvproof("kernels --device cpu --cases 50 --seed 10 --format json").out);
    const Json json = Json::parse(once.out);
    EXPECT_EQ(json["seed"], 9);
    EXPECT_EQ(json["device"], nullptr);
    EXPECT_EQ(json["right"], true);
    EXPECT_EQ(json["checks"].size(), 7 + 2 * kernel_twins.size());
    for (const Json& check : json["checks"])
        EXPECT_EQ(check["result"], check["id"].get<std::string>().starts_with("host/") ? "passed" : "skipped") << check;
}

TEST(Kernels, MeasureWhenAsked) {
    const Said said = kvproof("kernels --device cpu --cases 1 --bench --format json");
    const Json json = Json::parse(said.out);
    ASSERT_EQ(json["figures"].size(), 2U);
    for (const Json& figure : json["figures"]) EXPECT_GT(figure["value"], 0) << figure;
    EXPECT_EQ(said.status, json["right"] == true ? 0 : 1);
}

KernelReport made_up() {
    return {
        .wish = {.cases = 5, .seed = 3},
        .device = "GPU \"\\\x01\xff",
        .checks = {{.id = "host/steps", .what = "steps", .cases = 5}},
        .figures = {{.id = "scatter", .what = "rows", .value = 2.5, .unit = "GB/s", .ratio = 0.9, .beside = "a copy", .ratio_min = 0.85}}};
}

TEST(KernelReport, IsRightUnlessACheckFailedOrABudgetIsMissed) {
    EXPECT_TRUE(made_up().right());
    KernelReport failed = made_up(), skipped = made_up(), missed = made_up(), unmeasured = made_up();
    failed.checks.front().end = CheckEnd::failed;
    EXPECT_FALSE(failed.right());
    skipped.checks.front().end = CheckEnd::skipped;
    EXPECT_TRUE(skipped.right());
    missed.figures.front().ratio = 0.84;
    EXPECT_FALSE(missed.right());
    unmeasured.figures.front().ratio.reset();
    EXPECT_FALSE(unmeasured.right());
}

TEST(KernelReport, TellsInTextWhatFailedAndHowToRepeatIt) {
    KernelReport report = made_up();
    report.checks.front().end = CheckEnd::failed;
    report.checks.front().detail = "case 4 of seed 3: delta, row 0: was never written";
    report.figures.front().ratio = 0.8;
    const std::string text = kernel_text(report, Color::off);
    EXPECT_NE(text.find("host/steps: case 4 of seed 3: delta, row 0: was never written"), std::string::npos) << text;
    EXPECT_NE(text.find("repeat with: kvproof kernels --seed 3 --cases 5"), std::string::npos) << text;
    EXPECT_NE(text.find("0.85 missed"), std::string::npos) << text;
    EXPECT_EQ(kernel_text(made_up(), Color::off).find("repeat with"), std::string::npos);
}

TEST(KernelReport, IsJsonWhateverADriverCallsItsDevice) {
    const Json json = Json::parse(kernel_json(made_up()));
    EXPECT_EQ(json["device"], "GPU \"\\\x01\xc3\xbf");  // The byte 0xff as the character of that number.
    EXPECT_EQ(json["figures"][0]["ratio"], 0.9);
    EXPECT_EQ(json["figures"][0]["met"], true);
    EXPECT_EQ(json["checks"][0]["result"], "passed");
}

// Runs tools/gpu_test.sh --host in a folder of its own.
struct Script {
    explicit Script(const std::string& arguments) {
        const std::string command = "'" KV_SOURCE_DIR "/tools/gpu_test.sh' --host --work '" + (folder / "work").string() + "' --output '" +
                                    (folder / "result.json").string() + "' " + arguments + " >'" + (folder / "log").string() + "' 2>&1";
        const int ended = std::system(command.c_str());
        status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
        log = contents(folder / "log");
    }
    Json result() const { return Json::parse(contents(folder / "result.json")); }
    Folder folder;
    int status = -1;
    std::string log;
};

TEST(GpuTestScript, RunsItsHostHalfWithTheProgramAsItIs) {
    const Script script("--cases 100 --program '" KV_BINARY "'");
    ASSERT_EQ(script.status, 0) << script.log;
    const Json json = script.result();
    EXPECT_EQ(json["right"], true);
    EXPECT_EQ(json["half"], "host");
    EXPECT_EQ(json["checks"]["cases"], 100);
    EXPECT_EQ(json["sanitizer"]["result"], "skipped");
}

TEST(GpuTestScript, BuildsTheHostHalfWithCompilersAlone) {
    const Script script("--cases 100 --bare");
    ASSERT_EQ(script.status, 0) << script.log;
    EXPECT_EQ(script.result()["built_by"], "the compilers alone");
    EXPECT_EQ(script.result()["checks"]["right"], true);
}

TEST(GpuTestScript, RefusesWhatItDoesNotKnow) {
    for (const char* arguments : {"--cases 0", "--cases many", "--frobnicate", "--program /no/such/program", "--cases"})
        EXPECT_EQ(Script(arguments).status, 2) << arguments;
}

}  // namespace
}  // namespace kv::testing
