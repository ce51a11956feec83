#include "cli/knobs.h"

#include "scenarios/quantity.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace kv::cli {
namespace {

constexpr std::int64_t length_max = std::int64_t{1} << 40;
constexpr std::int64_t ranks_max = 1024;
constexpr std::int64_t blocks_max = std::int64_t{1} << 40;
constexpr std::int64_t sequences_max = std::int64_t{1} << 24;
constexpr std::int64_t draft_tokens_max = 256;

using Wrong = std::optional<std::string>;

// "4096" or "4096 tokens".
std::optional<std::int64_t> token_count(std::string_view text) {
    if (const auto plain = whole_number(text)) return plain;
    const auto spelled = tokens_spelled(text);
    const auto* tokens = std::get_if<Tokens>(&spelled);
    return tokens != nullptr ? std::optional(tokens->value) : std::nullopt;
}

template <class T>
Wrong set_count(std::optional<T>& into, std::optional<std::int64_t> value, std::int64_t most) {
    if (!value || *value < 1 || *value > most) return fmt::format("expected an integer from 1 to {}", most);
    into = T(*value);
    return std::nullopt;
}

Wrong set_length(CapacityQuestion& question, const std::string& text) {
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

Wrong set_memory(CapacityQuestion& question, const std::string& text) {
    const auto read = bytes_spelled(text);
    if (const auto* error = std::get_if<QuantityError>(&read)) return "the memory of a worker " + error->message;
    if (std::get<Bytes>(read) < Bytes{1}) return "expected at least a byte";
    question.knobs.memory = std::get<Bytes>(read);
    return std::nullopt;
}

// The place of `text` among the names, or what is wrong with it.
std::variant<std::size_t, std::string> place_among(const std::string& text, const std::vector<std::string_view>& names) {
    const auto found = std::ranges::find(names, text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    const std::string meant = nearest(text, names);
    return meant.empty() ? fmt::format("expected one of {}", fmt::join(names, ", ")) : "did you mean " + meant + '?';
}

Wrong set_kv_dtype(CapacityQuestion& question, const std::string& text) {
    const auto place = place_among(text, kv_dtype_names());
    if (const auto* wrong = std::get_if<std::string>(&place)) return *wrong;
    question.knobs.kv_dtype = text;
    return std::nullopt;
}

Wrong set_dtype(std::optional<DType>& into, const std::string& text) {
    const auto place = place_among(text, {"bfloat16", "float16", "float32"});
    if (const auto* wrong = std::get_if<std::string>(&place)) return *wrong;
    into = dtype_named(text);
    return std::nullopt;
}

Wrong set_switch(std::optional<bool>& into, const std::string& text) {
    const auto place = place_among(text, {"off", "on"});
    if (const auto* wrong = std::get_if<std::string>(&place)) return *wrong;
    into = std::get<std::size_t>(place) == 1;
    return std::nullopt;
}

Wrong set_mamba_mode(CapacityQuestion& question, const std::string& text) {
    const auto place = place_among(text, {"none", "align", "all"});
    if (const auto* wrong = std::get_if<std::string>(&place)) return *wrong;
    question.knobs.mamba_mode = static_cast<MambaMode>(std::get<std::size_t>(place));
    return std::nullopt;
}

Wrong set_model_len(CapacityQuestion& question, const std::string& text) {
    question.knobs.length_fitted = text == "fit";
    if (question.knobs.length_fitted) return std::nullopt;
    if (auto wrong = set_count(question.knobs.model_len_max, token_count(text), length_max)) return *wrong + ", or `fit`";
    return std::nullopt;
}

Wrong set_drafts(CapacityQuestion& question, const std::string& text) {
    const std::size_t colon = text.find(':');
    const auto tokens = colon == std::string::npos ? std::nullopt : whole_number(std::string_view(text).substr(colon + 1));
    if (colon == 0 || !tokens || *tokens < 1 || *tokens > draft_tokens_max)
        return fmt::format("expected METHOD:TOKENS with 1 to {} tokens, as in mtp:2", draft_tokens_max);
    question.knobs.drafting = Drafting{.method = text.substr(0, colon), .tokens = *tokens};
    return std::nullopt;
}

using Question = CapacityQuestion;
using Text = const std::string&;

constexpr std::array<Knob, knob_count> all_knobs{
    {{"memory", "SIZE", "for the cache of each worker, as in 40GiB", set_memory},
     {"blocks", "N", "blocks of the pool, whatever the memory",
      [](Question& q, Text t) { return set_count(q.knobs.blocks, whole_number(t), blocks_max); }},
     {"tp", "N", "tensor parallel ranks", [](Question& q, Text t) { return set_count(q.knobs.tensor, whole_number(t), ranks_max); }},
     {"pp", "N", "pipeline stages", [](Question& q, Text t) { return set_count(q.knobs.pipeline, whole_number(t), ranks_max); }},
     {"dcp", "N", "decode context parallel ranks (config.json)",
      [](Question& q, Text t) { return set_count(q.knobs.decode_context, whole_number(t), ranks_max); }},
     {"kv-dtype", "DTYPE", "auto, fp8, ...: of the attention layers' cache", set_kv_dtype},
     {"dtype", "DTYPE", "of the model, instead of the checkpoint's (config.json)",
      [](Question& q, Text t) { return set_dtype(q.knobs.dtype, t); }},
     {"state-dtype", "DTYPE", "of the states of Mamba and linear layers (config.json)",
      [](Question& q, Text t) { return set_dtype(q.knobs.state_dtype, t); }},
     {"mamba-mode", "MODE", "none, align or all: which states are kept for prefix hits (config.json)", set_mamba_mode},
     {"prefix-caching", "on|off", "whether prefixes are shared (config.json)",
      [](Question& q, Text t) { return set_switch(q.knobs.prefix_caching, t); }},
     {"hybrid-manager", "on|off", "whether layers of several kinds have groups of their own (config.json)",
      [](Question& q, Text t) { return set_switch(q.knobs.hybrid_manager, t); }},
     {"drafts", "METHOD:N", "speculative tokens a step, as in mtp:2 (config.json)", set_drafts},
     {"block", "N", "tokens of a block, as the user asks for",
      [](Question& q, Text t) { return set_count(q.knobs.block, token_count(t), length_max); }},
     {"batched", "N", "tokens of a step", [](Question& q, Text t) { return set_count(q.knobs.batched_max, token_count(t), length_max); }},
     {"sequences", "N", "requests of a step (config.json)",
      [](Question& q, Text t) { return set_count(q.knobs.sequences_max, whole_number(t), sequences_max); }},
     {"model-len-max", "N|fit", "the longest request that the engine takes; fit: the longest that the memory has room for", set_model_len},
     {"length", "L|A..B", "tokens of the requests, or a range of them", set_length, false},
     {"tolerance", "P%", "a figure so far from the truth is called true; at least a block always is",
      [](Question& q, Text t) -> Wrong {
          std::string text = t;
          if (text.ends_with('%')) text.pop_back();
          else if (text != "0") return "expected a share from 0% to 100%, such as 1%";
          while (text.ends_with(' ')) text.pop_back();
          constexpr double percent = 100;
          constexpr std::size_t digits_max = 10;
          const bool plain = !text.empty() && text.size() <= digits_max && text.find_first_not_of("0123456789.") == std::string::npos &&
                             std::ranges::count(text, '.') <= 1 && text != ".";
          double value = 0;
          if (!plain || std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc() || value > percent)
              return "expected a share from 0% to 100%, such as 1%";
          q.tolerance = value / percent;
          return std::nullopt;
      },
      false, false}}};

}  // namespace

std::span<const Knob> knobs() { return all_knobs; }

std::string swept_names() {
    std::vector<std::string_view> names;
    for (const Knob& knob : all_knobs)
        if (knob.swept) names.emplace_back(knob.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

void add_knobs(CLI::App& command, KnobTexts& texts, KnobsOf of) {
    for (std::size_t i = 0; i < all_knobs.size(); ++i) {
        const Knob& knob = all_knobs[i];
        if (of == KnobsOf::report || knob.of_plan)
            command.add_option(std::string("--") + knob.name, texts[i], knob.meaning)->type_name(knob.type);
    }
}

std::vector<std::pair<const char*, std::string>> spelled_knobs(const KnobTexts& texts) {
    std::vector<std::pair<const char*, std::string>> spelled;
    for (std::size_t i = 0; i < all_knobs.size(); ++i)
        if (texts[i]) spelled.emplace_back(all_knobs[i].name, *texts[i]);
    return spelled;
}

CapacityQuestion question_of(const KnobTexts& texts, Diagnostics& diagnostics) {
    CapacityQuestion question;
    for (std::size_t i = 0; i < all_knobs.size(); ++i) {
        if (!texts[i]) continue;
        if (const auto message = all_knobs[i].set(question, *texts[i]))
            diagnostics.push_back(wrong_flag(std::string("--") + all_knobs[i].name, *texts[i], *message));
    }
    return question;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = !text.empty() && error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

Diagnostic wrong_flag(const std::string& flag, const std::string& text, const std::string& message) {
    return diagnostic_at(flag, text, 0, std::max<std::size_t>(text.size(), 1), message);
}

}  // namespace kv::cli
