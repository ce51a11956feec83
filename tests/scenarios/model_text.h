// Scenario files for tests: a small right one, and the errors of a wrong one in a form that is easy to compare.
#pragma once

#include "scenarios/model_file.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace kv::testing {

inline constexpr std::string_view small_model = R"(format = 1
[model]
[[model.layer]]
id = "full"
kind = "full"
kv_heads = 8
head_size = 64
[machine]
memory = "1 GiB"
)";

// A model of one layer whose lines are given; the first of them is line 4.
inline std::string with_layer(std::string_view lines) {
    return "format = 1\n[model]\n[[model.layer]]\n" + std::string(lines) + "\n[machine]\nmemory = \"1 GiB\"\n";
}

inline ModelFile model_of(const std::string& text) {
    auto read = read_model_file("case.toml", text);
    if (const auto* errors = std::get_if<Diagnostics>(&read)) {
        ADD_FAILURE() << to_text(*errors);
        return {};
    }
    return std::get<ModelFile>(std::move(read));
}

inline KvSpec spec_of(std::string_view lines) {
    const ModelFile model = model_of(with_layer(lines));
    return model.layers.specs.empty() ? KvSpec{} : model.layers.specs.front();
}

// "line:column+length message", one a line.
inline std::string errors_of(const std::string& text) {
    const auto read = read_model_file("case.toml", text);
    const auto* errors = std::get_if<Diagnostics>(&read);
    if (errors == nullptr) return "none";
    std::string out;
    for (const Diagnostic& error : *errors) {
        const SourceSpan& where = error.where;
        out += (out.empty() ? "" : "\n") + std::to_string(where.line) + ':' + std::to_string(where.column) + '+' +
               std::to_string(where.length) + ' ' + error.message;
    }
    return out;
}

// The errors of the small model with more lines behind it; the first of them is line 10.
inline std::string errors_with(std::string_view lines) { return errors_of(std::string(small_model) + std::string(lines)); }
inline std::string layer_errors(std::string_view lines) { return errors_of(with_layer(lines)); }

}  // namespace kv::testing
