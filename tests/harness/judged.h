// A scenario of a few lines, run before the properties.
#pragma once

#include "harness/judged_run.h"
#include "tests/model/build.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace kv::testing {

// A window beside a full group, and rows kept by slot. The reference shows nothing.
inline const std::string judged_head =
    "format = 1\ntitle = \"a case\"\n[model]\nexperts = 8\ntopk = 2\n[[model.group]]\nkind = \"full\"\nblock = \"16 tokens\"\n"
    "[[model.group]]\nkind = \"sliding_window\"\nwindow = \"32 tokens\"\nblock = \"16 tokens\"\n"
    "[machine]\nblocks = 100\n[scheduler]\nmodel_len_max = \"320 tokens\"\n[capture]\n[[request]]\nid = \"r\"\nprompt = \"40 tokens\"\n";
inline const std::string no_fault = "reference";
inline const std::string underreports = "reference,reported-tokens=smallest-block-over-all-groups";  // capacity-true, at [machine]
inline const std::string small_buffer = "reference,side-buffer=share-of-blocks";                     // buffer-fits, at the first group
inline const std::string both_faults = underreports + ",side-buffer=share-of-blocks";

// An engine of its own where `engine` is empty: then the expectations decide.
inline RanScenario judged(const std::string& text, const std::string& engine = {}, const std::string& file = "a case.toml") {
    const auto read = read_scenario(file, text);
    if (const auto* errors = std::get_if<Diagnostics>(&read)) throw std::runtime_error(to_text(*errors));
    const auto& scenario = std::get<Scenario>(read);
    const std::string spelling = engine.empty() ? scenario.model.engine : engine;
    EventSink nobody;
    auto ran = judge_scenario({.engine = engine_of(spelling), .spelling = spelling, .own = engine.empty()}, scenario, nobody);
    if (const auto* errors = std::get_if<Diagnostics>(&ran)) throw std::runtime_error(to_text(*errors));
    return std::get<RanScenario>(std::move(ran));
}

}  // namespace kv::testing
