// A model as its config describes it, before an engine serves it: the whole of it, not divided over ranks, with neither block sizes nor
// cache types.
#pragma once

#include "model/dtype.h"
#include "model/refusal.h"
#include "model/units.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kv {

enum class AttentionUse : std::uint8_t { decoder, cross, encoder_only };

// A rank's key and value heads: most classes assert that they divide evenly; some round down, to one at least, or even to none.
enum class HeadShare : std::uint8_t { even, one_at_least, rounded_down };

// Keys and values of heads.
struct AttentionShape {
    std::int64_t heads = 1, kv_heads = 1;
    std::int64_t head_size = 1;
    std::optional<std::int64_t> head_size_v = {};  // None: as the keys.
    std::optional<std::int64_t> rank_width = {};   // Then a head has this / a rank's heads instead, as some classes divide.
    std::optional<Tokens> window = {}, chunk = {};
    AttentionUse use = AttentionUse::decoder;
    bool sinks = false;  // Learned logits that no token has; they choose the kernel, not what is stored.
    bool caps_logits = false;
    HeadShare share = HeadShare::even;
};

// One latent vector a token, shared by all heads.
struct LatentShape {
    struct Head {  // As prompts are computed, beside `rotary`.
        std::int64_t plain = 0, value = 0;
    };
    std::int64_t heads = 1;
    std::int64_t latent = 1, rotary = 0;
    bool sparse = false;            // Attends to the tokens that an indexer picks:
    bool has_indexer = false;       // its own, or that of a layer before it.
    std::optional<Head> head = {};  // None: any kernel computes its prompts.
};

// Keys by which a sparse attention picks its tokens: one head, quantised, with its scales.
struct IndexerShape {
    std::int64_t head_size = 1;
};

// The caches of a layer that keeps a window of latent vectors, one for a token, and of all tokens one for every `ratio` of them.
struct CompressedLatentShape {
    std::int64_t heads = 1;  // Of the whole model.
    std::int64_t head_size = 1;
    std::int64_t ratio = 1;  // 1: nothing beside the window.
};
struct LatentWindowShape {
    std::int64_t head_size = 1;
    Tokens window{1};
};
struct CompressedIndexerShape {
    std::int64_t head_size = 1;
    std::int64_t ratio = 4;
};
struct CompressorShape {  // What the next compressed vector is made from.
    std::int64_t head_size = 1;
    std::int64_t ratio = 4;
};
using CompressedShape = std::variant<CompressedLatentShape, LatentWindowShape, CompressedIndexerShape, CompressorShape>;

// States of one position instead of entries for every token. Sizes of the whole model.
struct Mamba1Shape {
    std::int64_t inner = 1, state = 1, kernel = 1;
};
struct Mamba2Shape {
    std::int64_t inner = 1, groups = 1, heads = 1, head_size = 1, state = 1, kernel = 1;
    bool counts_drafts = true;  // The convolution keeps the inputs of drafted tokens too.
};
struct DeltaNetShape {
    std::int64_t key_heads = 1, value_heads = 1, key_size = 1, value_size = 1, kernel = 1;
};
struct LinearAttentionShape {
    std::int64_t heads = 1, head_size = 1;
};
struct KimiDeltaShape {
    std::int64_t heads = 1, head_size = 1, kernel = 1;
    bool full_rank_gate = false, bounded_gate = false;
};
struct ShortConvShape {
    std::int64_t width = 1, kernel = 1;
    bool counts_drafts = true;
};
using StateShape = std::variant<Mamba1Shape, Mamba2Shape, DeltaNetShape, LinearAttentionShape, KimiDeltaShape, ShortConvShape>;

using MixerShape = std::variant<AttentionShape, LatentShape, IndexerShape, CompressedShape, StateShape>;

// Something with a name in the engine that keeps (or reads) a cache.
struct ShapedLayer {
    std::string name;
    std::int64_t decoder_layer = 0;  // That it belongs to: a pipeline is cut between these. A drafter's: after the last.
    MixerShape mixer;
    std::optional<std::string> shares = {};  // The layer whose cache it reads; it has none of its own.
};

// What the engine asks of the model as a whole.
enum class Runner : std::uint8_t { generate, pooling };
struct ModelTraits {
    Runner runner = Runner::generate;
    bool hybrid = false;          // Attention and states.
    bool attention_free = false;  // States only.
    bool encoder_decoder = false;
    bool encoder_only = false;            // Every token sees all others: neither chunks of a prompt nor prefixes.
    bool latent = false;                  // One latent cache a token.
    bool sparse = false;                  // Latent, with an indexer.
    bool pipeline = true;                 // Can be cut into stages.
    bool image_prefix = false;            // Image tokens of a prompt see each other in both directions.
    bool states_at_every_block = false;   // Its state layers can keep a state at each block (mode all).
    bool bfloat16_cache_is_auto = false;  // A cache that is asked for in bfloat16 is taken as not asked for.
};

// The drafter that a model ships.
struct DrafterShape {
    std::vector<ShapedLayer> layers = {};       // In the order in which the engine makes them.
    std::optional<std::int64_t> predicts = {};  // Tokens that it was made for; none where the config does not say.
    std::int64_t modules = 1;                   // As the engine counts those that read one token further each.
    bool pipeline = false;                      // Its class can be cut into stages.
    std::optional<Raised> raises = {};          // Making it fails.
};

struct ModelShape {
    std::string architecture;  // The class that the engine chooses.
    std::string model_type;
    ModelTraits traits;
    std::vector<ShapedLayer> layers;           // In the order in which the engine makes them. A drafter's are apart:
    std::optional<DrafterShape> drafter = {};  // None where the engine has none for this model.
    std::int64_t decoder_layers = 1;
    // As the engine reads them off the config for the model as a whole; layers may differ.
    std::int64_t heads = 1, kv_heads = 1, head_size = 1;
    std::optional<DType> dtype = {};        // Of the checkpoint.
    std::optional<Tokens> length_max = {};  // That the model was made for.
    // What the model's class says of the states of its layers. Pages are aligned by this; a layer may say otherwise.
    std::optional<StateShape> state = {};
    std::optional<std::int64_t> state_chunk = {};  // Tokens that the kernels of its states take at once.
    std::optional<DType> state_dtype = {};         // Of its states, where the config names one.
    // Decoder layers with experts, where the model's class needs one on each worker, and what it raises if there is none.
    std::optional<std::vector<std::int64_t>> expert_layers = {};
    Raised without_experts = Raised::runtime_error;
    std::optional<Refusal> refused_when_made = {};      // By a class of its layers: after the engine has settled its arguments.
    std::optional<Refusal> refused_after_backend = {};  // By a class that has chosen its layers' attention backend before.
    bool cache_is_fp8 = false;                          // The checkpoint brings scales for an fp8 cache.
    std::optional<std::string> cache_dtype = {};        // What the checkpoint makes of the cache type "auto".
    bool scales_for_cache = false;                      // Its quantisation also covers the cache, whatever type that has.
};

}  // namespace kv
