// What the config classes of models with attention only say where the file is silent, and what they make of its windows and layer types.
// Mirrors transformers 4.57.6 (0.18.0) and 5.19.0 (0.32.0), configuration_*.py.
#include "model/refusal.h"
#include "scenarios/hub/architecture.h"

#include <array>

namespace kv {
namespace {

// From transformers 5 on a class refuses null where its field is of a type that has none.
constexpr TypeDefault is(std::string_view key, std::int64_t value) { return {.key = key, .value = value, .takes_null = false}; }
constexpr TypeDefault is(std::string_view key, int value) { return is(key, std::int64_t{value}); }
constexpr TypeDefault is(std::string_view key, bool value) { return {.key = key, .value = value, .takes_null = false}; }
constexpr TypeDefault or_null(std::string_view key, int value) { return {.key = key, .value = std::int64_t{value}}; }
constexpr TypeDefault or_null(std::string_view key, bool value) { return {.key = key, .value = value}; }

template <class IsSliding>
void make_types(TypedLayers& typed, std::string_view special, IsSliding is_special) {
    if (typed.listed) return;
    for (std::int64_t i = 0; i < typed.layers; ++i) typed.types.emplace_back(is_special(i) ? special : "full_attention");
}

constexpr std::string_view sliding = "sliding_attention";

void full_every(TypedLayers& typed, std::int64_t period) {
    if (period == 0 && !typed.listed)
        refuse({.type = Raised::zero_division_error, .raised_in = "ModelConfig", .message = "layers repeat after 0"});
    make_types(typed, sliding, [&](std::int64_t i) { return (i + 1) % period != 0; });
}
void full_every_second(TypedLayers& typed) { full_every(typed, 2); }
void full_every_fourth(TypedLayers& typed) { full_every(typed, 4); }
void full_every_fifth(TypedLayers& typed) { full_every(typed, 5); }
void full_every_fourth_or_pattern(TypedLayers& typed) { full_every(typed, typed.text.whole_if("sliding_window_pattern").value_or(4)); }
void full_every_sixth_or_pattern(TypedLayers& typed) { full_every(typed, typed.text.whole_if("sliding_window_pattern").value_or(6)); }

void full_every_sixth_and_last(TypedLayers& typed) {
    full_every(typed, 6);
    if (!typed.types.empty()) typed.types.back() = "full_attention";  // Listed or not.
}

void full_first_and_every_sixth(TypedLayers& typed) {
    make_types(typed, sliding, [](std::int64_t i) { return i != 0 && (i + 1) % 6 != 0; });
}

// With no window the class sets the pattern to 0, and then divides by it.
void full_by_pattern(TypedLayers& typed) {
    if (typed.listed) return;
    full_every(typed, typed.window ? typed.text.whole_if("sliding_window_pattern").value_or(4) : 0);
}

void past_max_window(TypedLayers& typed) {
    const std::int64_t first = typed.text.count_if("max_window_layers").value_or(0);
    make_types(typed, sliding, [&](std::int64_t i) { return typed.window && i >= first; });
}

void every_other_below_max_window(TypedLayers& typed) {
    const std::int64_t end = typed.text.count_if("max_window_layers").value_or(0);
    const bool used = typed.text.flag("use_sliding_window", false);
    make_types(typed, sliding, [&](std::int64_t i) { return used && i % 2 == 0 && i < end; });
}

void all_of_one_type(TypedLayers& typed) {
    make_types(typed, sliding, [&](std::int64_t) { return typed.window.has_value(); });
}

// Layers with a rotary embedding: 1 in a list, or all but every n-th.
std::vector<std::int64_t> rope_layers(const TypedLayers& typed) {
    std::vector<std::int64_t> rope = typed.text.numbers("no_rope_layers", {0, 1}, static_cast<std::size_t>(config_layers_max));
    if (!rope.empty()) return rope;
    const std::int64_t interval = typed.text.size_if("no_rope_layer_interval").value_or(4);
    for (std::int64_t i = 0; i < typed.layers; ++i) rope.push_back((i + 1) % interval != 0 ? 1 : 0);
    return rope;
}

void chunked_with_rope(TypedLayers& typed) {
    if (typed.listed) return;
    for (const std::int64_t rope : rope_layers(typed)) typed.types.emplace_back(rope != 0 ? "chunked_attention" : "full_attention");
}

void without_rope_if_used(TypedLayers& typed) {
    const std::vector<std::int64_t> rope = rope_layers(typed);
    const bool used = typed.text.flag("use_sliding_window", false) && typed.window;
    make_types(typed, sliding, [&](std::int64_t i) {
        return used && i < static_cast<std::int64_t>(rope.size()) && rope[static_cast<std::size_t>(i)] == 0;
    });
}

using Window = std::optional<std::int64_t>;
Window if_used(const ConfigObject& text, Window listed) { return text.flag("use_sliding_window", false) ? listed : std::nullopt; }
Window halved(Window listed) { return listed ? Window(*listed / 2 + 1) : listed; }
Window halved_where_bidirectional(const ConfigObject& text, Window listed) {
    return text.flag("use_bidirectional_attention", false) ? halved(listed) : listed;
}
Window halved_where_all_bidirectional(const ConfigObject& text, Window listed) {
    return text.word_if("use_bidirectional_attention") == "all" ? halved(listed) : listed;
}

constexpr std::array llama_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 32), is("hidden_size", 4096),
                                    is("max_position_embeddings", 2048)};
constexpr std::array mistral_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 32),         is("num_key_value_heads", 8),
                                      is("hidden_size", 4096),     is("max_position_embeddings", 131072), or_null("sliding_window", 4096)};
constexpr std::array mixtral_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 32), is("num_key_value_heads", 8),
                                      is("hidden_size", 4096), is("max_position_embeddings", 131072)};
constexpr std::array qwen2_defaults{
    is("num_hidden_layers", 32),          is("num_attention_heads", 32),   or_null("num_key_value_heads", 32), is("hidden_size", 4096),
    is("max_position_embeddings", 32768), or_null("sliding_window", 4096), is("use_sliding_window", false),    is("max_window_layers", 28)};
constexpr std::array qwen2_moe_defaults{
    is("num_hidden_layers", 24),          is("num_attention_heads", 16),   or_null("num_key_value_heads", 16), is("hidden_size", 2048),
    is("max_position_embeddings", 32768), or_null("sliding_window", 4096), is("use_sliding_window", false),    is("max_window_layers", 28)};
constexpr std::array qwen2_vl_text_defaults{is("num_hidden_layers", 80),          is("num_attention_heads", 64),
                                            or_null("num_key_value_heads", 8),    is("hidden_size", 8192),
                                            is("max_position_embeddings", 32768), or_null("sliding_window", 4096),
                                            or_null("use_sliding_window", false), or_null("max_window_layers", 80)};
constexpr std::array qwen3_defaults{
    is("num_hidden_layers", 32), is("num_attention_heads", 32),        or_null("num_key_value_heads", 32), is("hidden_size", 4096),
    is("head_dim", 128),         is("max_position_embeddings", 32768), or_null("sliding_window", 4096),    is("use_sliding_window", false),
    is("max_window_layers", 28)};
constexpr std::array qwen3_moe_defaults{
    is("num_hidden_layers", 24),          is("num_attention_heads", 32),   is("num_key_value_heads", 4),   is("hidden_size", 2048),
    is("max_position_embeddings", 32768), or_null("sliding_window", 4096), is("use_sliding_window", false)};
constexpr std::array qwen3_vl_text_defaults{
    is("num_hidden_layers", 32), is("num_attention_heads", 32), or_null("num_key_value_heads", 32),
    is("hidden_size", 4096),     is("head_dim", 128),           is("max_position_embeddings", 128000)};
constexpr std::array qwen3_vl_moe_text_defaults{is("num_hidden_layers", 24), is("num_attention_heads", 16), is("num_key_value_heads", 16),
                                                is("hidden_size", 2048), is("max_position_embeddings", 128000)};
constexpr std::array phi3_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 32), is("hidden_size", 3072),
                                   is("max_position_embeddings", 4096), is("original_max_position_embeddings", 4096)};
constexpr std::array gemma_defaults{is("num_hidden_layers", 28), is("num_attention_heads", 16), is("num_key_value_heads", 16),
                                    is("hidden_size", 3072),     is("head_dim", 256),           is("max_position_embeddings", 8192)};
constexpr std::array glm_defaults{is("num_hidden_layers", 40), is("num_attention_heads", 32), or_null("num_key_value_heads", 2),
                                  is("hidden_size", 4096),     or_null("head_dim", 128),      is("max_position_embeddings", 131072)};
constexpr std::array glm4_defaults{is("num_hidden_layers", 40), is("num_attention_heads", 32), is("num_key_value_heads", 2),
                                   is("hidden_size", 4096),     is("head_dim", 128),           is("max_position_embeddings", 131072)};
constexpr std::array glm4_moe_defaults{is("num_hidden_layers", 46), is("num_attention_heads", 96), is("num_key_value_heads", 8),
                                       is("hidden_size", 4096), is("max_position_embeddings", 131072)};
constexpr std::array starcoder2_defaults{is("num_hidden_layers", 30), is("num_attention_heads", 24), is("num_key_value_heads", 2),
                                         is("hidden_size", 3072), is("max_position_embeddings", 4096)};
constexpr std::array ernie4_5_defaults{is("num_hidden_layers", 18), is("num_attention_heads", 16), or_null("num_key_value_heads", 2),
                                       is("hidden_size", 1024),     or_null("head_dim", 128),      is("max_position_embeddings", 131072)};
constexpr std::array ernie4_5_moe_defaults{is("num_hidden_layers", 28), is("num_attention_heads", 20), or_null("num_key_value_heads", 4),
                                           is("hidden_size", 2560), is("max_position_embeddings", 131072)};
constexpr std::array seed_oss_defaults{is("num_hidden_layers", 64), is("num_attention_heads", 80), or_null("num_key_value_heads", 8),
                                       is("hidden_size", 4096),     or_null("head_dim", 128),      is("max_position_embeddings", 524288)};
constexpr std::array arcee_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 32), is("hidden_size", 2560),
                                    is("max_position_embeddings", 4096)};
constexpr std::array dots1_defaults{
    is("num_hidden_layers", 62),         is("num_attention_heads", 32),   or_null("num_key_value_heads", 32), is("hidden_size", 4608),
    is("max_position_embeddings", 2048), or_null("sliding_window", 4096), or_null("max_window_layers", 62)};
constexpr std::array minimax_m2_defaults{is("num_hidden_layers", 62), is("num_attention_heads", 48), is("num_key_value_heads", 8),
                                         is("hidden_size", 3072),     is("head_dim", 128),           is("max_position_embeddings", 196608)};
constexpr std::array smollm3_defaults{
    is("num_hidden_layers", 36),          is("num_attention_heads", 16),   or_null("num_key_value_heads", 4), is("hidden_size", 2048),
    is("max_position_embeddings", 32768), is("use_sliding_window", false), is("no_rope_layer_interval", 4)};
constexpr std::array nemotron_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 48), is("hidden_size", 6144),
                                       is("max_position_embeddings", 4096)};
constexpr std::array apertus_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 32), is("hidden_size", 4096),
                                      is("max_position_embeddings", 65536)};
constexpr std::array olmoe_defaults{is("num_hidden_layers", 16), is("num_attention_heads", 16), is("hidden_size", 2048),
                                    is("max_position_embeddings", 4096)};
constexpr std::array cohere_defaults{is("num_hidden_layers", 40), is("num_attention_heads", 64), is("hidden_size", 8192),
                                     is("max_position_embeddings", 8192)};
constexpr std::array cohere2_defaults{is("num_hidden_layers", 40), is("num_attention_heads", 64), is("hidden_size", 8192),
                                      is("max_position_embeddings", 8192), or_null("sliding_window", 4096)};
constexpr std::array gemma2_defaults{is("num_hidden_layers", 26),    is("num_attention_heads", 8), is("num_key_value_heads", 4),
                                     is("hidden_size", 2304),        is("head_dim", 256),          is("max_position_embeddings", 8192),
                                     or_null("sliding_window", 4096)};
constexpr std::array gemma3_text_defaults{is("num_hidden_layers", 26),
                                          is("num_attention_heads", 8),
                                          is("num_key_value_heads", 4),
                                          is("hidden_size", 2304),
                                          is("head_dim", 256),
                                          is("max_position_embeddings", 131072),
                                          or_null("sliding_window", 4096),
                                          or_null("use_bidirectional_attention", false)};
constexpr std::array gemma3n_text_defaults{is("num_hidden_layers", 35), is("num_attention_heads", 8),  is("num_key_value_heads", 2),
                                           is("hidden_size", 2048),     is("head_dim", 256),           is("max_position_embeddings", 32768),
                                           is("sliding_window", 512),   is("num_kv_shared_layers", 15)};
constexpr std::array gemma4_text_defaults{is("num_hidden_layers", 30), is("num_attention_heads", 8),  is("num_key_value_heads", 4),
                                          is("hidden_size", 2304),     is("head_dim", 256),           is("max_position_embeddings", 131072),
                                          is("sliding_window", 512),   is("num_kv_shared_layers", 0), is("attention_k_eq_v", false)};
constexpr std::array gpt_oss_defaults{
    is("num_hidden_layers", 36), is("num_attention_heads", 64),         is("num_key_value_heads", 8),  is("hidden_size", 2880),
    is("head_dim", 64),          is("max_position_embeddings", 131072), or_null("sliding_window", 128)};
constexpr std::array llama4_text_defaults{is("num_hidden_layers", 48),
                                          is("num_attention_heads", 40),
                                          is("num_key_value_heads", 8),
                                          is("hidden_size", 5120),
                                          is("head_dim", 128),
                                          is("max_position_embeddings", 131072),
                                          or_null("attention_chunk_size", 8192),
                                          is("no_rope_layer_interval", 4)};
constexpr std::array mimo_v2_flash_defaults{
    is("num_hidden_layers", 48), is("num_attention_heads", 64),         is("num_key_value_heads", 4), is("hidden_size", 4096),
    is("head_dim", 192),         is("max_position_embeddings", 131072), is("sliding_window", 128),    is("v_head_dim", 128)};
constexpr std::array olmo3_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 32), is("hidden_size", 4096),
                                    is("max_position_embeddings", 2048), or_null("sliding_window", 4096)};
constexpr std::array exaone4_defaults{is("num_hidden_layers", 32), is("num_attention_heads", 32),       is("num_key_value_heads", 32),
                                      is("hidden_size", 4096),     is("max_position_embeddings", 2048), or_null("sliding_window", 4096)};
constexpr std::array ministral3_defaults{is("num_hidden_layers", 34), is("num_attention_heads", 32), is("num_key_value_heads", 8),
                                         is("hidden_size", 4096),     is("head_dim", 128),           is("max_position_embeddings", 262144)};
constexpr std::array whisper_defaults{is("encoder_layers", 4),          is("decoder_layers", 4), is("encoder_attention_heads", 6),
                                      is("decoder_attention_heads", 6), is("d_model", 384),      is("max_source_positions", 1500),
                                      is("max_target_positions", 448)};
constexpr std::array bert_defaults{is("num_hidden_layers", 12), is("num_attention_heads", 12), is("hidden_size", 768),
                                   is("max_position_embeddings", 512)};
constexpr std::array bart_defaults{is("max_position_embeddings", 1024),    or_null("encoder_layers", 12),
                                   or_null("decoder_layers", 12),          or_null("encoder_attention_heads", 16),
                                   or_null("decoder_attention_heads", 16), or_null("d_model", 1024)};

constexpr std::array phi_defaults{is("num_hidden_layers", 24), is("num_attention_heads", 32), is("hidden_size", 2048),
                                  is("max_position_embeddings", 2048)};

constexpr std::array types{
    // Of the image and speech models only the name: their text is another type's.
    ConfigType{.model_type = "qwen2_vl", .base = "Qwen2VLModel"},
    ConfigType{.model_type = "qwen2_5_vl", .base = "Qwen2_5_VLModel"},
    ConfigType{.model_type = "gemma3", .base = "Gemma3Model"},
    ConfigType{.model_type = "phi", .base = "PhiModel", .defaults = phi_defaults},
    ConfigType{.model_type = "llama", .base = "LlamaModel", .defaults = llama_defaults, .whole_heads = true},
    ConfigType{.model_type = "mistral", .base = "MistralModel", .defaults = mistral_defaults},
    ConfigType{.model_type = "mixtral", .base = "MixtralModel", .defaults = mixtral_defaults},
    ConfigType{.model_type = "qwen2",
               .base = "Qwen2Model",
               .defaults = qwen2_defaults,
               .window = if_used,
               .layer_types = past_max_window,
               .checks_layer_types = true},
    ConfigType{.model_type = "qwen2_moe",
               .base = "Qwen2MoeModel",
               .release = Release::only_0_18,
               .defaults = qwen2_moe_defaults,
               .window = if_used,
               .states_heads = true},
    ConfigType{.model_type = "qwen2_moe",
               .base = "Qwen2MoeModel",
               .release = Release::only_0_32,
               .defaults = qwen2_moe_defaults,
               .window = if_used,
               .layer_types = every_other_below_max_window},
    ConfigType{.model_type = "qwen2_vl_text",
               .defaults = qwen2_vl_text_defaults,
               .window = if_used,
               .layer_types = past_max_window,
               .checks_layer_types = true},
    ConfigType{.model_type = "qwen2_5_vl_text",
               .defaults = qwen2_vl_text_defaults,
               .window = if_used,
               .layer_types = past_max_window,
               .checks_layer_types = true},
    ConfigType{.model_type = "qwen3",
               .base = "Qwen3Model",
               .defaults = qwen3_defaults,
               .window = if_used,
               .layer_types = past_max_window,
               .checks_layer_types = true},
    ConfigType{.model_type = "qwen3_moe", .base = "Qwen3MoeModel", .defaults = qwen3_moe_defaults, .window = if_used, .states_heads = true},
    ConfigType{.model_type = "qwen3_vl_text", .defaults = qwen3_vl_text_defaults, .names_rope_type = true},
    ConfigType{.model_type = "qwen3_vl_moe_text", .defaults = qwen3_vl_moe_text_defaults},
    ConfigType{.model_type = "phi3", .base = "Phi3Model", .defaults = phi3_defaults},
    ConfigType{.model_type = "phimoe", .defaults = mixtral_defaults, .names_rope_type = true},
    ConfigType{.model_type = "gemma", .base = "GemmaModel", .defaults = gemma_defaults, .states_heads = true},
    ConfigType{.model_type = "glm", .base = "GlmModel", .defaults = glm_defaults},
    ConfigType{.model_type = "glm4", .base = "Glm4Model", .defaults = glm4_defaults},
    ConfigType{.model_type = "glm4_moe", .base = "Glm4MoeModel", .defaults = glm4_moe_defaults},
    ConfigType{.model_type = "granite", .base = "GraniteModel", .defaults = llama_defaults, .names_rope_type = true},
    ConfigType{.model_type = "granitemoe", .base = "GraniteMoeModel", .defaults = llama_defaults, .names_rope_type = true},
    ConfigType{.model_type = "granitemoeshared", .defaults = llama_defaults},
    ConfigType{.model_type = "olmo", .base = "OlmoModel", .defaults = llama_defaults},
    ConfigType{.model_type = "olmo2", .base = "Olmo2Model", .defaults = llama_defaults},
    ConfigType{.model_type = "starcoder2", .base = "Starcoder2Model", .defaults = starcoder2_defaults},
    ConfigType{.model_type = "ernie4_5", .base = "Ernie4_5Model", .defaults = ernie4_5_defaults},
    ConfigType{.model_type = "ernie4_5_moe", .base = "Ernie4_5_MoeModel", .defaults = ernie4_5_moe_defaults},
    ConfigType{.model_type = "seed_oss", .base = "SeedOssModel", .defaults = seed_oss_defaults},
    ConfigType{.model_type = "hunyuan_v1_dense", .defaults = llama_defaults},
    ConfigType{.model_type = "hunyuan_v1_moe", .defaults = llama_defaults},
    ConfigType{.model_type = "arcee", .base = "ArceeModel", .defaults = arcee_defaults, .whole_heads = true},
    ConfigType{.model_type = "dots1", .defaults = dots1_defaults, .layer_types = past_max_window, .checks_layer_types = true},
    ConfigType{.model_type = "minimax_m2", .release = Release::only_0_32, .defaults = minimax_m2_defaults},
    ConfigType{.model_type = "smollm3",
               .base = "SmolLM3Model",
               .defaults = smollm3_defaults,
               .layer_types = without_rope_if_used,
               .checks_layer_types = true},
    ConfigType{.model_type = "nemotron", .base = "NemotronModel", .defaults = nemotron_defaults, .names_rope_type = true},
    ConfigType{.model_type = "apertus", .base = "ApertusModel", .defaults = apertus_defaults},
    ConfigType{.model_type = "olmoe", .base = "OlmoeModel", .defaults = olmoe_defaults},
    ConfigType{.model_type = "cohere", .base = "CohereModel", .defaults = cohere_defaults, .names_rope_type = true},
    ConfigType{.model_type = "cohere2",
               .base = "Cohere2Model",
               .defaults = cohere2_defaults,
               .layer_types = full_every_fourth_or_pattern,
               .checks_layer_types = true,
               .names_rope_type = true},
    ConfigType{.model_type = "gemma2",
               .base = "Gemma2Model",
               .defaults = gemma2_defaults,
               .layer_types = full_every_second,
               .checks_layer_types = true,
               .whole_heads = true,
               .states_heads = true},
    ConfigType{.model_type = "gemma3_text",
               .defaults = gemma3_text_defaults,
               .window = halved_where_bidirectional,
               .layer_types = full_every_sixth_or_pattern,
               .checks_layer_types = true,
               .whole_heads = true,
               .states_heads = true,
               .names_rope_type = true},
    ConfigType{.model_type = "gemma3n_text",
               .defaults = gemma3n_text_defaults,
               .layer_types = full_every_fifth,
               .checks_layer_types = true,
               .whole_heads = true,
               .states_heads = true,
               .names_rope_type = true},
    ConfigType{.model_type = "gemma4_text",
               .release = Release::only_0_32,
               .defaults = gemma4_text_defaults,
               .window = halved_where_all_bidirectional,
               .layer_types = full_every_sixth_and_last},
    ConfigType{.model_type = "gpt_oss",
               .base = "GptOssModel",
               .defaults = gpt_oss_defaults,
               .layer_types = full_every_second,
               .checks_layer_types = true},
    ConfigType{.model_type = "llama4_text", .defaults = llama4_text_defaults, .layer_types = chunked_with_rope, .checks_layer_types = true},
    ConfigType{.model_type = "mimo_v2_flash",
               .release = Release::only_0_32,
               .defaults = mimo_v2_flash_defaults,
               .layer_types = full_first_and_every_sixth},
    ConfigType{.model_type = "olmo3", .base = "Olmo3Model", .defaults = olmo3_defaults, .layer_types = full_every_fourth},
    ConfigType{.model_type = "exaone4",
               .base = "Exaone4Model",
               .defaults = exaone4_defaults,
               .layer_types = full_by_pattern,
               .checks_layer_types = true},
    ConfigType{.model_type = "ministral", .defaults = mistral_defaults, .layer_types = all_of_one_type},
    ConfigType{.model_type = "ministral3", .release = Release::only_0_32, .defaults = ministral3_defaults},
    ConfigType{.model_type = "whisper", .base = "WhisperModel", .defaults = whisper_defaults},
    ConfigType{.model_type = "bert", .base = "BertModel", .defaults = bert_defaults},
    ConfigType{.model_type = "roberta", .base = "RobertaModel", .defaults = bert_defaults},
    ConfigType{.model_type = "xlm-roberta", .base = "XLMRobertaModel", .defaults = bert_defaults},
    ConfigType{.model_type = "bart", .defaults = bart_defaults}};

}  // namespace

std::span<const ConfigType> plain_types() { return types; }

}  // namespace kv
