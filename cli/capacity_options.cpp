#include "cli/capacity_options.h"

#include "scenarios/quantity.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace kv::cli {
namespace {

constexpr std::int64_t length_max = std::int64_t{1} << 40;
constexpr std::int64_t ranks_max = 1024;
constexpr std::int64_t blocks_max = std::int64_t{1} << 40;
constexpr std::size_t quoted_max = 40;

Diagnostic wrong(const std::string& flag, const std::string& text, const std::string& message) {
    return diagnostic_at(flag, text, 0, std::max<std::size_t>(text.size(), 1), message);
}

std::optional<std::int64_t> integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = !text.empty() && error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

// "4096" or "4096 tokens".
std::optional<std::int64_t> token_count(std::string_view text) {
    if (const auto plain = integer(text)) return plain;
    const auto spelled = tokens_spelled(text);
    const auto* tokens = std::get_if<Tokens>(&spelled);
    return tokens != nullptr ? std::optional(tokens->value) : std::nullopt;
}

// What a flag or a sweep sets. An error reads on after the value.
using Set = std::optional<std::string> (*)(CapacityQuestion& question, const std::string& text);

template <class T>
std::optional<std::string> set_count(std::optional<T>& into, std::optional<std::int64_t> value, std::int64_t most) {
    if (!value || *value < 1 || *value > most) return fmt::format("expected an integer from 1 to {}", most);
    into = T(*value);
    return std::nullopt;
}

std::optional<std::string> set_length(CapacityQuestion& question, const std::string& text) {
    const std::size_t dots = text.find("..");
    const std::string first = text.substr(0, dots);
    const auto least = token_count(first);
    const auto most = dots == std::string::npos ? least : token_count(text.substr(dots + 2));
    const auto in_range = [](std::optional<std::int64_t> value) { return value && 1 <= *value && *value <= length_max; };
    if (!in_range(least) || !in_range(most)) return fmt::format("expected a length L or A..B in tokens, from 1 to {}", length_max);
    if (*most < *least) return fmt::format("expected A..B with A at most B: write {}..{}", *most, *least);
    question.lengths = LengthRange{Tokens{*least}, Tokens{*most}};
    return std::nullopt;
}

std::optional<std::string> set_memory(CapacityQuestion& question, const std::string& text) {
    const auto read = bytes_spelled(text);
    if (const auto* error = std::get_if<QuantityError>(&read)) return "the memory of a worker " + error->message;
    if (std::get<Bytes>(read) < Bytes{1}) return "expected at least a byte";
    question.knobs.memory = std::get<Bytes>(read);
    return std::nullopt;
}

std::optional<std::string> set_kv_dtype(CapacityQuestion& question, const std::string& text) {
    const std::vector<std::string_view> names = kv_dtype_names();
    if (std::ranges::find(names, text) == names.end()) {
        const std::string meant = nearest(text, names);
        return meant.empty() ? fmt::format("expected one of {}", fmt::join(names, ", ")) : "did you mean " + meant + '?';
    }
    question.knobs.kv_dtype = text;
    return std::nullopt;
}

struct Knob {
    const char* name;
    std::optional<std::string> CapacityFlags::*flag;
    Set set;
};

const std::array<Knob, 9>& knobs() {
    static const std::array<Knob, 9> all{{
        {"kv-dtype", &CapacityFlags::kv_dtype, set_kv_dtype},
        {"tp", &CapacityFlags::tensor,
         [](CapacityQuestion& q, const std::string& text) { return set_count(q.knobs.tensor, integer(text), ranks_max); }},
        {"pp", &CapacityFlags::pipeline,
         [](CapacityQuestion& q, const std::string& text) { return set_count(q.knobs.pipeline, integer(text), ranks_max); }},
        {"memory", &CapacityFlags::memory, set_memory},
        {"blocks", &CapacityFlags::blocks,
         [](CapacityQuestion& q, const std::string& text) { return set_count(q.knobs.blocks, integer(text), blocks_max); }},
        {"block", &CapacityFlags::block,
         [](CapacityQuestion& q, const std::string& text) { return set_count(q.knobs.block, token_count(text), length_max); }},
        {"length", &CapacityFlags::length, set_length},
        {"batched", &CapacityFlags::batched,
         [](CapacityQuestion& q, const std::string& text) { return set_count(q.knobs.batched_max, token_count(text), length_max); }},
        {"model-len-max", &CapacityFlags::model_len_max,
         [](CapacityQuestion& q, const std::string& text) { return set_count(q.knobs.model_len_max, token_count(text), length_max); }},
    }};
    return all;
}

std::string knob_names() {
    std::vector<std::string_view> names;
    for (const Knob& knob : knobs()) names.emplace_back(knob.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

// "1%", "0.5 %" or "0".
std::optional<double> share(std::string text) {
    if (text.ends_with('%')) text.pop_back();
    else if (text != "0") return std::nullopt;
    while (text.ends_with(' ')) text.pop_back();
    constexpr double percent = 100;
    constexpr std::size_t digits_max = 10;
    const bool plain = !text.empty() && text.size() <= digits_max && text.find_first_not_of("0123456789.") == std::string::npos &&
                       std::ranges::count(text, '.') <= 1 && text != ".";
    double value = 0;
    if (!plain || std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc() || value > percent) return std::nullopt;
    return value / percent;
}

struct Sweep {
    const Knob* knob;
    std::vector<std::string> values;
};

std::optional<Sweep> read_sweep(const std::string& text, const CapacityFlags& flags, std::set<std::string_view>& swept,
                                Diagnostics& diagnostics) {
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    const auto knob = std::ranges::find_if(knobs(), [&](const Knob& each) { return key == each.name; });
    const auto error = [&](std::size_t begin, std::size_t length, const std::string& message) {
        diagnostics.push_back(diagnostic_at("--sweep", text, begin, std::max<std::size_t>(length, 1), message));
        return std::nullopt;
    };
    if (knob == knobs().end()) {
        std::vector<std::string_view> names;
        for (const Knob& each : knobs()) names.emplace_back(each.name);
        const std::string meant = nearest(key, names);
        return error(0, key.size(),
                     meant.empty() ? "expected KEY=VALUE,VALUE with one of the keys " + knob_names() : "did you mean " + meant + '?');
    }
    if (!swept.insert(knob->name).second) return error(0, key.size(), "swept twice: write all values in one --sweep");
    if (flags.*knob->flag) return error(0, key.size(), "is set by --" + key + " as well: leave one of them out");
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

std::vector<std::pair<const char*, std::string>> spelled_flags(const CapacityFlags& flags) {
    std::vector<std::pair<const char*, std::string>> spelled;
    for (const std::string& engine : flags.engines) spelled.emplace_back("--engine", engine);
    const auto add = [&](const char* name, const std::optional<std::string>& value) {
        if (value) spelled.emplace_back(name, *value);
    };
    add("--length", flags.length);
    add("--memory", flags.memory);
    add("--blocks", flags.blocks);
    add("--tp", flags.tensor);
    add("--pp", flags.pipeline);
    add("--kv-dtype", flags.kv_dtype);
    add("--block", flags.block);
    add("--batched", flags.batched);
    add("--model-len-max", flags.model_len_max);
    for (const std::string& sweep : flags.sweeps) spelled.emplace_back("--sweep", sweep);
    add("--tolerance", flags.tolerance);
    return spelled;
}

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
            diagnostics.push_back(wrong("--engine", spelling, "comes twice"));
        } else {
            asked.push_back({spelling, std::get<Engine>(std::move(made))});
        }
    }
    return asked;
}

std::vector<CapacityQuestion> asked_questions(const CapacityFlags& flags, Diagnostics& diagnostics) {
    CapacityQuestion base;
    for (const Knob& knob : knobs()) {
        const std::optional<std::string>& text = flags.*knob.flag;
        if (!text) continue;
        if (const auto message = knob.set(base, *text)) diagnostics.push_back(wrong(std::string("--") + knob.name, *text, *message));
    }
    if (flags.tolerance) {
        const auto tolerance = share(*flags.tolerance);
        if (tolerance) base.tolerance = *tolerance;
        else diagnostics.push_back(wrong("--tolerance", *flags.tolerance, "expected a share from 0% to 100%, such as 1%"));
    }
    std::vector<Sweep> sweeps;
    std::set<std::string_view> swept;
    std::size_t product = 1;
    for (const std::string& text : flags.sweeps) {
        auto sweep = read_sweep(text, flags, swept, diagnostics);
        if (!sweep) continue;
        product *= sweep->values.size();
        sweeps.push_back(*std::move(sweep));
        if (product <= questions_max) continue;
        diagnostics.push_back(wrong("--sweep", shortened(text, quoted_max),
                                    fmt::format("makes more than {} combinations with those before it", questions_max)));
        return {};
    }
    return diagnostics.empty() ? combined(base, sweeps) : std::vector<CapacityQuestion>{};
}

}  // namespace kv::cli
