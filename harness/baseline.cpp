#include "harness/baseline.h"

#include "scenarios/json.h"
#include "scenarios/json_fields.h"
#include "scenarios/text_file.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kv {
namespace {

constexpr std::array<std::string_view, 4> kept{"failing", "known", "expected", "beside"};

class BaselineReader {
public:
    explicit BaselineReader(JsonValue root) : fields_(root, errors_) {}

    std::variant<Baseline, Diagnostics> read() {
        fields_.integer("format", {.least = 1, .most = 1});
        if (const auto kind = fields_.need("kvproof"); kind && (kind->kind() != JsonKind::string || kind->string() != "run"))
            errors_.note(*kind, "expected \"run\": the report of `kvproof run --format json`");
        for (const JsonValue scenario : fields_.array("scenarios", json_values_max)) read_scenario(scenario);
        if (!errors_.none()) return errors_.take();
        return std::move(baseline_);
    }

private:
    void read_scenario(JsonValue value) {
        JsonFields fields(value, errors_);
        auto& known = baseline_.known[fields.string("file")];
        for (const JsonValue finding : fields.array("findings", json_values_max)) {
            JsonFields entry(finding, errors_);
            const auto state = entry.need("state");
            const std::size_t place = state ? read_choice(*state, kept, errors_) : 0;
            std::string key = entry.string("key"), message = entry.string("message");
            if (place < 2) known.emplace(std::move(key), std::move(message));
        }
        const auto expectations = fields.need("expectations");
        if (!expectations || expectations->kind() == JsonKind::null) return;
        for (const JsonValue expectation : read_array(*expectations, json_values_max, errors_)) {
            JsonFields entry(expectation, errors_);
            const auto key = entry.need("key");
            if (key && key->kind() != JsonKind::null) known.emplace(read_string(*key, errors_), entry.string("expected"));
        }
    }

    JsonErrors errors_ = {};
    JsonFields fields_;
    Baseline baseline_ = {};
};

}  // namespace

std::variant<Baseline, Diagnostics> read_baseline(const std::string& file, std::string text) {
    auto parsed = read_json({.file = file, .text = std::move(text)});
    if (auto* wrong = std::get_if<Diagnostics>(&parsed)) return std::move(*wrong);
    return BaselineReader(std::get<JsonDocument>(parsed).root()).read();
}

std::variant<Baseline, Diagnostics> load_baseline(const std::string& file) {
    auto text = read_text_file(file, json_bytes_max);
    if (auto* wrong = std::get_if<Diagnostic>(&text)) return Diagnostics{std::move(*wrong)};
    return read_baseline(file, std::get<std::string>(std::move(text)));
}

void hold_against(const Baseline& baseline, std::span<ScenarioIssues> scenarios) {
    for (ScenarioIssues& scenario : scenarios) {
        const auto found = baseline.known.find(scenario.file);
        if (found == baseline.known.end()) continue;
        std::map<std::string, std::string> gone = found->second;
        for (Issue& issue : scenario.issues)
            if (gone.erase(issue.key) > 0 && issue.state == IssueState::failing) issue.state = IssueState::known;
        for (auto& [key, message] : gone)
            scenario.issues.push_back(
                {.state = IssueState::vanished, .message = std::move(message), .place = {.file = scenario.file}, .key = key});
    }
}

}  // namespace kv
