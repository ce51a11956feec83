// The flags that set something instead of what a model's file says: one table for the options, for sweeps and for the command that a
// report ends with.
#pragma once

#include "harness/capacity_report.h"
#include "scenarios/diagnostic.h"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace kv::cli {

struct Knob {
    const char* name;
    const char* type;  // "N", as --help has it.
    const char* meaning;
    // Sets it, or says what is wrong with the text: it reads on after the value.
    std::optional<std::string> (*set)(CapacityQuestion& question, const std::string& text);
    bool of_plan = true;  // False: it asks something of a report only.
    bool swept = true;    // A table over several values makes sense.
};

inline constexpr std::size_t knob_count = 18;
std::span<const Knob> knobs();
std::string swept_names();

// As they were written, by the place in knobs(); empty: not given.
using KnobTexts = std::array<std::optional<std::string>, knob_count>;

enum class KnobsOf : std::uint8_t { plan, report };
void add_knobs(CLI::App& command, KnobTexts& texts, KnobsOf of);
std::vector<std::pair<const char*, std::string>> spelled_knobs(const KnobTexts& texts);  // {"--tp", "2"}

// What is wrong is added to the diagnostics.
CapacityQuestion question_of(const KnobTexts& texts, Diagnostics& diagnostics);

std::optional<std::int64_t> whole_number(std::string_view text);
Diagnostic wrong_flag(const std::string& flag, const std::string& text, const std::string& message);

}  // namespace kv::cli
