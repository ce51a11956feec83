#include "scenarios/recorded_arguments.h"

#include "scenarios/spec_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kv {
namespace {

constexpr IntegerRange ranks{1, 1024};
constexpr std::size_t arguments_max = 64;

using Read = void (*)(JsonValue value, ServingArguments& into, JsonErrors& errors);

struct Argument {
    std::string_view name;
    Read read;
};

std::optional<DType> read_dtype(JsonValue value, JsonErrors& errors) {
    const std::string name = read_string(value, errors);
    if (name == "auto") return std::nullopt;
    const auto dtype = dtype_named(name == "half" ? "float16" : name == "float" ? "float32" : name);  // The engine's command line has both.
    if (!dtype) errors.note_expected(value, "an element type such as \"float16\"");
    return dtype;
}

void read_drafting(JsonValue value, ServingArguments& into, JsonErrors& errors) {
    JsonFields fields(value, errors);
    into.drafting.method = fields.string("method");
    into.drafting.tokens = fields.integer("num_speculative_tokens", from_zero);
}

void read_model_len(JsonValue value, ServingArguments& into, JsonErrors& errors) {
    if (value.kind() == JsonKind::null) return;  // As if nobody had asked.
    const std::int64_t length = read_integer(value, {-1, recorded_integer_max}, errors);
    if (length == 0) errors.note_expected(value, "a length, or -1 for one that is fitted to the memory");
    if (length > 0) into.model_len_max = Tokens{length};
    else into.length = LengthChoice::fitted_to_memory;
}

constexpr std::array<std::string_view, 3> mamba_modes{"none", "align", "all"};

constexpr std::array<Argument, 16> known{
    {{"max_model_len", read_model_len},
     {"tp", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.parallel.tensor = read_integer(v, ranks, e); }},
     {"pp", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.parallel.pipeline = read_integer(v, ranks, e); }},
     {"dcp", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.parallel.decode_context = read_integer(v, ranks, e); }},
     {"kv_cache_dtype", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.cache_dtype = read_string(v, e); }},
     {"dtype", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.dtype = read_dtype(v, e); }},
     {"block_size", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.block = TokensPerBlock{read_integer(v, from_one, e)}; }},
     {"enable_prefix_caching", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.prefix_caching = read_boolean(v, e); }},
     {"mamba_cache_mode",
      [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.mamba_mode = static_cast<MambaMode>(read_choice(v, mamba_modes, e)); }},
     {"mamba_block_size",
      [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.state_block = TokensPerBlock{read_integer(v, from_one, e)}; }},
     {"mamba_cache_dtype", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.conv_dtype = read_dtype(v, e); }},
     {"mamba_ssm_cache_dtype", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.state_dtype = read_dtype(v, e); }},
     {"max_num_batched_tokens",
      [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.batched_max = Tokens{read_integer(v, from_one, e)}; }},
     {"max_num_seqs", [](JsonValue v, ServingArguments& a, JsonErrors& e) { a.sequences_max = read_integer(v, from_one, e); }},
     {"disable_hybrid_kv_cache_manager",
      [](JsonValue v, ServingArguments& a, JsonErrors& e) {
          a.hybrid_manager = read_boolean(v, e) ? HybridManager::disabled : HybridManager::enabled;
      }},
     {"speculative_config", read_drafting}}};

}  // namespace

RecordedArguments read_recorded_arguments(JsonValue args, JsonErrors& errors) {
    RecordedArguments out;
    if (args.kind() != JsonKind::object) {
        errors.note_expected(args, "an object");
        return out;
    }
    if (args.size() > arguments_max) errors.note_expected(args, fmt::format("at most {} arguments", arguments_max));
    for (const JsonMember& member : args.members()) {
        const std::string name(member.key.string());
        if (name != "max_model_len") out.spelled.push_back({name, std::string(member.value.spelling())});
        if (name == "available_gib") continue;  // The line says the bytes.
        const auto argument = std::ranges::find(known, name, &Argument::name);
        if (argument == known.end()) out.not_known.push_back(name);
        else argument->read(member.value, out.asked, errors);
    }
    std::ranges::sort(out.spelled, {}, &RecordedArgument::name);
    return out;
}

}  // namespace kv
