#include "scenarios/keys.h"

#include "model/dtype.h"
#include "model/settings.h"
#include "model/spec.h"
#include "scenarios/cache_format.h"
#include "scenarios/key_rows.h"
#include "scenarios/scenario_keys.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <variant>

namespace kv {
namespace {

constexpr std::array<std::string_view, kind_count> kinds{
    "full",          "sink_full",       "rswa",  "mla",          "hidden_state", "sliding_window", "sliding_window_mla",
    "chunked_local", "circular_buffer", "mamba", "encoder_only", "cross",        "custom"};
static_assert(kinds.size() == std::variant_size_v<KvSpec>);

template <class... Names>
constexpr KindSet set_of(Names... names) {
    return set_among(kinds, names...);
}

constexpr KindSet full_kinds = set_of("full", "sink_full", "rswa", "mla", "hidden_state");  // Full and what derives from it.
constexpr KindSet sliding_kinds = set_of("sliding_window", "sliding_window_mla");
constexpr KindSet attention_kinds = full_kinds | sliding_kinds | set_of("chunked_local", "circular_buffer", "encoder_only", "cross");
constexpr KindSet latent_kinds = set_of("mla", "hidden_state", "sliding_window_mla", "circular_buffer");
constexpr KindSet mla_kinds = set_of("mla", "hidden_state");
constexpr KindSet mamba_kind = set_of("mamba");
constexpr KindSet custom_kind = set_of("custom");

constexpr auto dtype_names = [] {
    std::array<std::string_view, dtype_texts.size()> names;
    std::ranges::transform(dtype_texts, names.begin(), &DTypeText::name);
    return names;
}();
constexpr std::array<std::string_view, 3> mamba_modes{"none", "align", "all"};
constexpr std::array<std::string_view, 2> cache_roles{"sparse", "indexer"};
constexpr std::array<std::string_view, 12> quant_modes{
    "none",         "fp8_per_tensor",  "int8_per_token_head", "fp8_per_token_head", "int4_per_token_head",
    "nvfp4",        "turboquant_k8v4", "turboquant_4bit_nc",  "turboquant_k3v4_nc", "turboquant_3bit_nc",
    "nvfp4_ds_mla", "ultraquant_4bit"};

constexpr std::string_view layer = "model.layer";

constexpr std::array model_rows{
    row("", "format", Form::count, "version of this format").from(1, 1).needed(),
    row("", "model", Form::table, "what is planned: the layers and what they store").needed(),
    row("", "engine", Form::table, "whose rules are followed; --engine replaces it"),
    row("", "machine", Form::table, "memory for the cache").needed(),
    row("", "parallel", Form::table, "over how many ranks the model is spread"),
    row("", "scheduler", Form::table, "lengths and budgets"),
    row("", "cache", Form::table, "block size, prefix caching, layout"),

    row("model", "name", Form::text, "what reports call the model; the file's name when it is not there"),
    row("model", "model_type", Form::text, "the configuration's model_type, where an engine looks at it").otherwise("\"\""),
    row("model", "order", Form::text,
        "order of the layers, as in \"10 x (5 x window, full), 2 x window\"; without it they come as the file lists them"),
    row("model", "layer", Form::tables, "the kinds of layers, [[model.layer]] each"),

    row(layer, "id", Form::text, "name of this kind of layer: letters, digits, _ - .").needed(),
    row(layer, "kind", Form::choice, "what the layer stores").one_of(kinds).needed(),
    row(layer, "layers", Form::count, "how many of them in a row; not beside `order`").from(1, layer_count_max).otherwise("1"),
    row(layer, "block", Form::tokens, "tokens in a block; [cache] block when it is not there, model_len_max for mamba of mode none")
        .from(1, tokens_max),
    row(layer, "kv_heads", Form::count, "heads of keys and values that one rank holds")
        .from(1, width_max)
        .of(attention_kinds)
        .needed_by(attention_kinds & ~latent_kinds)
        .otherwise("1"),
    row(layer, "head_size", Form::count, "elements of a key, or of a latent vector")
        .from(1, width_max)
        .of(attention_kinds)
        .needed_by(attention_kinds),
    row(layer, "head_size_v", Form::count, "elements of a value; head_size when it is not there, 0 for latent kinds")
        .from(0, width_max)
        .of(attention_kinds),
    row(layer, "dtype", Form::choice, "type of an element of the cache").one_of(dtype_names).of(attention_kinds).otherwise("\"bfloat16\""),
    row(layer, "cache", Form::choice, "packed form of the cache, which decides dtype, quant, state_bytes and head_slots")
        .one_of(cache_format_names)
        .of(attention_kinds)
        .otherwise("\"auto\""),
    row(layer, "quant", Form::choice, "how elements are quantised").one_of(quant_modes).of(attention_kinds).otherwise("\"none\""),
    row(layer, "head_slots", Form::count, "heads in a packed page, keys and values together").from(1, width_max).of(attention_kinds),
    row(layer, "state_bytes", Form::bytes, "bytes of one head's state in a packed page").from(1, page_max).of(attention_kinds),
    row(layer, "tokens_per_state", Form::fraction, "tokens that share a state, or \"1/4\"; -1 for mamba: not a rate")
        .from(-1, tokens_max)
        .of(attention_kinds | mamba_kind)
        .otherwise("1"),
    row(layer, "page_padded", Form::bytes, "bytes of a page with its padding").from(1, page_max).of(attention_kinds | mamba_kind),
    row(layer, "sharded_over_context", Form::flag, "divided over context parallel ranks: true for attention, false for mamba")
        .of(attention_kinds | mamba_kind),
    row(layer, "tp_shards_max", Form::count, "tensor parallel ranks that the heads can be divided over")
        .from(1, ranks_max)
        .of(attention_kinds),
    row(layer, "stride_alignment", Form::stride, "where blocks may start: \"576 bytes\", or whole kernel blocks of up to \"64 tokens\"")
        .from(1, tokens_max)
        .of(attention_kinds | mamba_kind),
    row(layer, "window", Form::tokens, "tokens that attention looks back, the current one counted")
        .from(1, tokens_max)
        .of(full_kinds | sliding_kinds | custom_kind)
        .needed_by(sliding_kinds),
    row(layer, "extra_retained", Form::tokens, "tokens kept below the window for drafters that read again")
        .from(0, tokens_max)
        .of(sliding_kinds)
        .otherwise("\"0 tokens\""),
    row(layer, "chunk", Form::tokens, "tokens of a chunk; attention stays inside it")
        .from(1, tokens_max)
        .of(full_kinds | set_of("chunked_local"))
        .needed_by(set_of("chunked_local")),
    row(layer, "sink", Form::tokens, "first tokens that every request shares").from(1, tokens_max).of(set_of("sink_full")),
    row(layer, "rswa_window", Form::tokens, "generated tokens that are kept beside the prompt")
        .from(1, tokens_max)
        .of(set_of("rswa"))
        .needed_by(set_of("rswa")),
    row(layer, "non_causal", Form::flag, "attention sees later tokens too").of(full_kinds).otherwise("false"),
    row(layer, "cache_dtype", Form::text, "the engine's name of the cache's type, where merging compares it")
        .of(mla_kinds | set_of("sliding_window_mla")),
    row(layer, "alignment", Form::bytes, "pages are padded to multiples of this")
        .from(1, page_max)
        .of(mla_kinds | set_of("sliding_window_mla")),
    row(layer, "model_version", Form::text, "the model's own version, where an engine looks at it")
        .of(mla_kinds | set_of("sliding_window_mla")),
    row(layer, "cache_role", Form::choice, "latent cache of a sparse attention, or its index")
        .one_of(cache_roles)
        .of(mla_kinds)
        .otherwise("\"sparse\""),
    row(layer, "index_group_leader", Form::flag, "this layer's index is used by those after it").of(mla_kinds).otherwise("false"),
    row(layer, "non_causal_multi_token_decode", Form::flag, "several tokens of a decode step see each other")
        .of(mla_kinds)
        .otherwise("false"),
    row(layer, "bounded_replay", Form::flag, "a hit replays a bounded number of tokens; takes no part in prefix caching")
        .of(set_of("sliding_window_mla"))
        .otherwise("false"),
    row(layer, "states", Form::tables, "states of one position: [{ shape = [3, 8448], dtype = \"bfloat16\" }, ...]")
        .of(mamba_kind)
        .needed_by(mamba_kind),
    row(layer, "mode", Form::choice, "positions whose states are kept; [cache] mamba_mode when it is not there")
        .one_of(mamba_modes)
        .of(mamba_kind),
    row(layer, "type", Form::text, "the engine's name of the state's type").of(mamba_kind).otherwise("\"mamba2\""),
    row(layer, "speculative_blocks", Form::count, "blocks for drafted positions; draft.tokens when it is not there")
        .from(0, small_max)
        .of(mamba_kind),
    row(layer, "prefill_checkpoint_blocks", Form::count, "blocks for states kept during a prefill")
        .from(0, small_max)
        .of(mamba_kind)
        .otherwise("0"),
    row(layer, "prefill_checkpoint_alignment", Form::tokens, "positions where those states may be kept").from(1, tokens_max).of(mamba_kind),
    row(layer, "heads", Form::count, "heads of the state").from(1, width_max).of(mamba_kind).otherwise("1"),
    row(layer, "tp_replicated", Form::flag, "each tensor parallel rank holds the whole state").of(mamba_kind).otherwise("false"),
    row(layer, "name", Form::text, "name of the kind that is only numbers; its id when it is not there").of(custom_kind),
    row(layer, "page", Form::bytes, "bytes of one block of one layer").from(1, page_max).of(custom_kind).needed_by(custom_kind),

    row("model.layer.states", "shape", Form::counts, "dimensions").from(1, width_max).needed(),
    row("model.layer.states", "dtype", Form::choice, "type of an element").one_of(dtype_names).otherwise("\"float32\""),

    row("engine", "name", Form::text, "an engine, with patches and rules if wanted: \"vllm-0.18.0+pr-37118\"").needed(),
    row("engine", "patches", Form::texts, "patches on top of it, in order").otherwise("[]"),
    row("engine", "rules", Form::pairs, "single rules by their slot: { side-buffer-rows = \"...\" }").otherwise("{}"),

    row("machine", "memory", Form::sizes,
        "for the cache: of every worker, or a list with one size a pipeline stage; needed without `blocks`")
        .from(0, memory_max),
    row("machine", "blocks", Form::count, "blocks in place of what the memory holds (the engine's override)").from(1, blocks_max),

    row("parallel", "tp", Form::count, "tensor parallel ranks; layers hold what one of them holds").from(1, ranks_max).otherwise("1"),
    row("parallel", "pp", Form::count, "pipeline stages").from(1, ranks_max).otherwise("1"),
    row("parallel", "dcp", Form::count, "decode context parallel ranks").from(1, ranks_max).otherwise("1"),
    row("parallel", "pcp", Form::count, "prefill context parallel ranks").from(1, ranks_max).otherwise("1"),
    row("parallel", "stages", Form::counts, "layers of each stage; evenly, as vLLM divides them, when it is not there")
        .from(0, layer_count_max),

    row("scheduler", "model_len_max", Form::length, "longest request; \"fit up to 131072 tokens\" lets the engine find what fits")
        .from(1, tokens_max)
        .otherwise("\"8192 tokens\""),
    row("scheduler", "batched_max", Form::tokens, "tokens of a step").from(1, tokens_max).otherwise("\"8192 tokens\""),
    row("scheduler", "sequences_max", Form::count, "requests of a step").from(1, width_max).otherwise("256"),
    row("scheduler", "encoder_tokens_max", Form::tokens, "encoder tokens of a step").from(0, tokens_max).otherwise("\"0 tokens\""),
    row("scheduler", "encoder_input_max", Form::tokens, "encoder tokens of one request; those of a step when it is not there")
        .from(1, tokens_max),
    row("scheduler", "hybrid_manager", Form::flag, "false: bounded kinds are stored as full ones").otherwise("true"),
    row("scheduler", "async", Form::flag, "the next step is scheduled before the last has settled").otherwise("true"),
    row("scheduler", "v2_runner", Form::flag, "the engine's second model runner").otherwise("false"),
    row("scheduler", "draft", Form::table, "speculative decoding: { method = \"mtp\", tokens = 3 }"),
    row("scheduler.draft", "method", Form::text, "\"mtp\", \"eagle3\", \"ngram\", ...").needed(),
    row("scheduler.draft", "tokens", Form::count, "drafted tokens of a step").from(1, small_max).needed(),
    row("scheduler.draft", "modules", Form::count, "layers of the drafter that predict one token each").from(1, small_max).otherwise("1"),
    row("scheduler.draft", "blocks", Form::count, "of a pool of its own, which the target's slots index; the target's when it is not there")
        .from(1, blocks_max),
    row("scheduler.draft", "keeps_last_block", Form::flag, "a prefix hit keeps the block that the drafter would recompute")
        .otherwise("false"),

    row("cache", "block", Form::tokens, "tokens in a block").from(1, tokens_max).otherwise("\"16 tokens\""),
    row("cache", "prefix_caching", Form::flag, "blocks are found again by their content").otherwise("true"),
    row("cache", "mamba_mode", Form::choice, "positions whose Mamba states are kept").one_of(mamba_modes).otherwise("\"none\""),
    row("cache", "layout", Form::choice, "dimensions in memory, outermost first").one_of(cache_layout_names).otherwise("\"LBNHC\""),
    row("cache", "router_block", Form::tokens, "tokens of a block as a router takes it that follows the cache's events")
        .from(1, tokens_max),
    row("cache", "prefix_match_unit", Form::tokens, "prefixes match in multiples of this").from(1, tokens_max),
};

// A layer's key as a group has it: a group is given by its geometry, and what its pages hold may stay unsaid.
Key of_group(Key key) {
    constexpr std::array<std::string_view, 5> needed{"kind", "window", "chunk", "rswa_window", "shape"};
    key.section = key.section == layer ? "model.group" : "model.group.states";
    if (std::ranges::find(needed, key.name) == needed.end()) key.required = 0;
    if (key.name == "layers") key.meaning = "layers that share its block table";
    if (key.name == "id") key.meaning = "name of the group, for reports";
    if (key.name == "head_size" || key.name == "kv_heads") key.fallback = "1";
    return key;
}

std::vector<Key> all_keys() {
    std::vector<Key> all;
    const auto add = [&](const auto& rows) { std::ranges::transform(rows, std::back_inserter(all), &KeyRow::key); };
    add(model_rows);
    add(head_rows);
    add(request_rows);
    add(expect_rows);
    for (const KeyRow& of_layer : model_rows)
        if (of_layer.key.section.starts_with(layer)) all.push_back(of_group(of_layer.key));
    all.push_back(row("model.group", "columns", Form::count, "of a row of its block table; what model_len_max needs when it is not there")
                      .from(1, blocks_max)
                      .key);
    std::ranges::stable_sort(all, {}, &Key::section);
    return all;
}

const std::vector<Key>& table() {
    static const std::vector<Key> all = all_keys();
    return all;
}

}  // namespace

std::span<const std::string_view> kind_names() { return kinds; }

std::string names_of(std::span<const std::string_view> names, KindSet set) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if ((set >> i & 1) == 0) continue;
        if (!out.empty()) out += ", ";
        out += names[i];
    }
    return out;
}

std::span<const Key> keys() { return table(); }

std::span<const Key> keys_of_section(std::string_view section) {
    const auto found = std::ranges::equal_range(table(), section, {}, &Key::section);
    return {found.begin(), found.end()};
}

const Key* find_key(std::string_view section, std::string_view name) {
    const std::span<const Key> there = keys_of_section(section);
    const auto found = std::ranges::find(there, name, &Key::name);
    return found == there.end() ? nullptr : &*found;
}

const Key* telling_key(std::string_view section) {
    if (section == "expect") return find_key(section, "property");
    return section == "model.layer" || section == "model.group" ? find_key(section, "kind") : nullptr;
}

bool in_double_brackets(std::string_view section) {
    const std::size_t dot = section.rfind('.');
    const bool inner = dot != std::string_view::npos;
    const Key* key = find_key(inner ? section.substr(0, dot) : "", inner ? section.substr(dot + 1) : section);
    return key != nullptr && key->form == Form::tables;
}

std::vector<std::string_view> names_of_section(std::string_view section) {
    std::vector<std::string_view> names;
    for (const Key& key : keys_of_section(section)) names.push_back(key.name);
    return names;
}

}  // namespace kv
