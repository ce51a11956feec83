// Scenarios for tests: a small right one to which lines are added, and the errors of a wrong one as "line:column+length message".
#pragma once

#include "scenarios/scenario.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace kv::testing {

inline constexpr std::string_view small_scenario = R"(format = 1
[model]
experts = 8
topk = 2
[[model.group]]
kind = "full"
block = "16 tokens"
[machine]
blocks = 100
[parallel]
dp = 2
[scheduler]
draft = { method = "mtp", tokens = 3 }
[[request]]
id = "first"
prompt = "40 tokens"
decode = "8 tokens"
)";  // What is added begins in line 18.

inline std::string small_with(std::string_view lines) { return std::string(small_scenario) + std::string(lines); }

inline std::string errors_in(const Diagnostics& errors) {
    std::string out;
    for (const Diagnostic& error : errors) {
        const SourceSpan& where = error.where;
        out += (out.empty() ? "" : "\n") + std::to_string(where.line) + ':' + std::to_string(where.column) + '+' +
               std::to_string(where.length) + ' ' + error.message;
    }
    return out;
}

// Of the small scenario with more lines; "none" when it is right.
inline std::string wrong_with(std::string_view lines) {
    const auto read = read_scenario("case.toml", small_with(lines));
    const auto* errors = std::get_if<Diagnostics>(&read);
    return errors == nullptr ? "none" : errors_in(*errors);
}

inline std::string wrong_in(const std::string& text) {
    const auto read = read_scenario("case.toml", text);
    const auto* errors = std::get_if<Diagnostics>(&read);
    return errors == nullptr ? "none" : errors_in(*errors);
}

inline Scenario scenario_of(std::variant<Scenario, Diagnostics> read) {
    if (const auto* errors = std::get_if<Diagnostics>(&read)) {
        ADD_FAILURE() << to_text(*errors);
        return {};
    }
    return std::get<Scenario>(std::move(read));
}

inline Scenario scenario_with(std::string_view lines) { return scenario_of(read_scenario("case.toml", small_with(lines))); }

inline RequestList requests_in(const Scenario& scenario) {
    auto made = requests_of(scenario);
    if (const auto* errors = std::get_if<Diagnostics>(&made)) {
        ADD_FAILURE() << to_text(*errors);
        return {};
    }
    return std::get<RequestList>(std::move(made));
}

}  // namespace kv::testing
