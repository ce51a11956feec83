#include "cli/capacity_options.h"

#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace kv::cli {
namespace {

constexpr std::size_t quoted_max = 40;

struct Sweep {
    const Knob* knob;
    std::vector<std::string> values;
};

std::optional<Sweep> read_sweep(const std::string& text, const CapacityFlags& flags, std::set<std::string_view>& swept,
                                Diagnostics& diagnostics) {
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    const auto knob = std::ranges::find_if(knobs(), [&](const Knob& each) { return each.swept && key == each.name; });
    const auto error = [&](std::size_t begin, std::size_t length, const std::string& message) {
        diagnostics.push_back(diagnostic_at("--sweep", text, begin, std::max<std::size_t>(length, 1), message));
        return std::nullopt;
    };
    if (knob == knobs().end()) {
        std::vector<std::string_view> names;
        for (const Knob& each : knobs())
            if (each.swept) names.emplace_back(each.name);
        const std::string meant = nearest(key, names);
        return error(0, key.size(),
                     meant.empty() ? "expected KEY=VALUE,VALUE with one of the keys " + swept_names() : "did you mean " + meant + '?');
    }
    if (!swept.insert(knob->name).second) return error(0, key.size(), "swept twice: write all values in one --sweep");
    if (flags.knobs[static_cast<std::size_t>(knob - knobs().begin())])
        return error(0, key.size(), "is set by --" + key + " as well: leave one of them out");
    if (equals == std::string::npos || equals + 1 == text.size()) return error(text.size(), 1, "expected values, such as " + key + "=A,B");
    Sweep sweep{.knob = &*knob, .values = {}};
    for (std::size_t begin = equals + 1; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string value = text.substr(begin, end - begin);
        CapacityQuestion ignored;
        if (const auto message = knob->set(ignored, value)) error(begin, value.size(), *message);
        else if (std::ranges::find(sweep.values, value) != sweep.values.end()) error(begin, value.size(), "comes twice");
        sweep.values.push_back(value);
        begin = end + 1;
    }
    return sweep;
}

// Every combination: the last sweep changes fastest.
std::vector<CapacityQuestion> combined(const CapacityQuestion& base, const std::vector<Sweep>& sweeps) {
    std::vector<CapacityQuestion> questions{base};
    for (const Sweep& sweep : sweeps) {
        std::vector<CapacityQuestion> longer;
        for (const CapacityQuestion& question : questions)
            for (const std::string& value : sweep.values) {
                longer.push_back(question);
                static_cast<void>(sweep.knob->set(longer.back(), value));  // Was read before.
            }
        questions = std::move(longer);
    }
    return questions;
}

}  // namespace

std::vector<AskedEngine> asked_engines(const CapacityFlags& flags, Diagnostics& diagnostics) {
    if (flags.engines.empty()) return default_engines();
    std::vector<AskedEngine> asked;
    for (const std::string& spelling : flags.engines) {
        auto made = engine_spelled(spelling);
        if (const auto* error = std::get_if<EngineSpelling>(&made)) {
            const std::size_t begin = std::min(error->column - 1, spelling.size());
            const std::size_t end = std::min(spelling.find_first_of("+,", begin), spelling.size());
            diagnostics.push_back(diagnostic_at("--engine", spelling, begin, std::max<std::size_t>(end - begin, 1), error->message));
        } else if (std::ranges::find(asked, spelling, &AskedEngine::spelling) != asked.end()) {
            diagnostics.push_back(wrong_flag("--engine", spelling, "comes twice"));
        } else {
            asked.push_back({spelling, std::get<Engine>(std::move(made))});
        }
    }
    return asked;
}

std::vector<CapacityQuestion> asked_questions(const CapacityFlags& flags, Diagnostics& diagnostics) {
    const CapacityQuestion base = question_of(flags.knobs, diagnostics);
    std::vector<Sweep> sweeps;
    std::set<std::string_view> swept;
    std::size_t product = 1;
    for (const std::string& text : flags.sweeps) {
        auto sweep = read_sweep(text, flags, swept, diagnostics);
        if (!sweep) continue;
        product *= sweep->values.size();
        sweeps.push_back(*std::move(sweep));
        if (product <= questions_max) continue;
        diagnostics.push_back(wrong_flag("--sweep", shortened(text, quoted_max),
                                         fmt::format("makes more than {} combinations with those before it", questions_max)));
        return {};
    }
    return diagnostics.empty() ? combined(base, sweeps) : std::vector<CapacityQuestion>{};
}

}  // namespace kv::cli
