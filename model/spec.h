// What a layer stores per block of tokens, and how long it keeps it: one flat value per kind, and their variant.
// The kinds are not derived from each other; where an engine asks "is it full attention, or derived from it?" the question is a
// function here with the engine's answer spelled out.
#pragma once

#include "model/dtype.h"
#include "model/overload.h"
#include "model/ratio.h"
#include "model/units.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

enum class QuantMode : std::uint8_t {
    none,
    fp8_per_tensor,
    int8_per_token_head,
    fp8_per_token_head,
    int4_per_token_head,
    nvfp4,
    turboquant_k8v4,
    turboquant_4bit_nc,
    turboquant_k3v4_nc,
    turboquant_3bit_nc,
    nvfp4_ds_mla,
    ultraquant_4bit
};

enum class ContextSharding : std::uint8_t { replicated, sharded };  // Over decode context parallel ranks.
enum class CacheRole : std::uint8_t { sparse, indexer };            // Of a latent cache next to a sparse attention's index.
enum class MambaMode : std::uint8_t { none, align, all };           // Which positions' states are kept for prefix hits.

// Physical blocks of this cache start at multiples of `bytes`, or at whole kernel blocks of up to `kernel_block` tokens.
struct StrideAlignment {
    std::optional<Bytes> bytes = {};
    std::optional<Tokens> kernel_block = {};
    friend bool operator==(const StrideAlignment&, const StrideAlignment&) = default;
};

// What every attention kind has. Keys and values of `kv_heads` heads, unless the backend publishes a packed form (`head_slots`,
// `state_bytes`), or one state covers several tokens (or a token several states).
struct AttentionCache {
    TokensPerBlock block{16};
    std::int64_t kv_heads = 1;
    std::int64_t head_size = 1;
    std::int64_t head_size_v = 1;
    DType dtype = DType::bfloat16;
    std::optional<Bytes> page_padded = {};
    QuantMode quant = QuantMode::none;
    std::optional<std::int64_t> head_slots = {};
    std::optional<Bytes> state_bytes = {};
    Fraction tokens_per_state = {};
    ContextSharding sharding = ContextSharding::sharded;
    std::optional<std::int64_t> tp_shards_max = {};
    StrideAlignment stride_alignment = {};
    friend bool operator==(const AttentionCache&, const AttentionCache&) = default;
};

struct FullSpec {
    AttentionCache cache;
    std::optional<Tokens> window = {};  // Computed with a window, but blocks are kept for every token.
    std::optional<Tokens> chunk = {};
    bool non_causal = false;
    friend bool operator==(const FullSpec&, const FullSpec&) = default;
};

struct SinkFullSpec {
    FullSpec full;
    std::optional<Tokens> sink = {};  // The first tokens of every request share these blocks.
    friend bool operator==(const SinkFullSpec&, const SinkFullSpec&) = default;
};

struct RswaSpec {  // Prompt tokens are always visible; of generated tokens the last `rswa_window` are kept.
    FullSpec full;
    Tokens rswa_window = {};
    friend bool operator==(const RswaSpec&, const RswaSpec&) = default;
};

struct MlaSpec {  // One latent vector a token instead of keys and values.
    FullSpec full;
    std::optional<std::string> cache_dtype = {};
    std::optional<Bytes> alignment = {};
    std::optional<std::string> model_version = {};
    CacheRole role = CacheRole::sparse;
    bool index_group_leader = false;
    bool non_causal_multi_token_decode = false;
    friend bool operator==(const MlaSpec&, const MlaSpec&) = default;
};

struct HiddenStateSpec {  // Hidden states that are handed out through a cache of their own.
    MlaSpec mla;
    friend bool operator==(const HiddenStateSpec&, const HiddenStateSpec&) = default;
};

struct SlidingWindowSpec {  // A window of 1 sees only itself.
    AttentionCache cache;
    Tokens window = {};
    Tokens extra_retained = {};  // Kept below the window for drafters that read again.
    friend bool operator==(const SlidingWindowSpec&, const SlidingWindowSpec&) = default;
};

struct SlidingWindowMlaSpec {
    SlidingWindowSpec sliding;
    std::optional<std::string> cache_dtype = {};
    std::optional<Bytes> alignment = {};
    std::optional<std::string> model_version = {};
    bool bounded_replay = false;
    friend bool operator==(const SlidingWindowMlaSpec&, const SlidingWindowMlaSpec&) = default;
};

struct ChunkedLocalSpec {  // Sees the tokens of its own chunk.
    AttentionCache cache;
    Tokens chunk = {};
    friend bool operator==(const ChunkedLocalSpec&, const ChunkedLocalSpec&) = default;
};

struct CircularBufferSpec {  // One block a request, for its whole life.
    AttentionCache cache;
    friend bool operator==(const CircularBufferSpec&, const CircularBufferSpec&) = default;
};

struct MambaState {
    std::vector<std::int64_t> shape = {};
    DType dtype = DType::float32;
    friend bool operator==(const MambaState&, const MambaState&) = default;
};

struct MambaSpec {  // A page holds the states of one position, whatever the block is.
    TokensPerBlock block{16};
    std::vector<MambaState> states = {};
    std::optional<Bytes> page_padded = {};
    std::string type = "mamba2";
    MambaMode mode = MambaMode::none;
    std::int64_t speculative_blocks = 0;
    std::int64_t prefill_checkpoint_blocks = 0;
    std::optional<Tokens> prefill_checkpoint_alignment = {};
    std::int64_t heads = 1;
    std::int64_t tokens_per_state = -1;
    bool tp_replicated = false;
    ContextSharding sharding = ContextSharding::replicated;
    StrideAlignment stride_alignment = {};
    friend bool operator==(const MambaSpec&, const MambaSpec&) = default;
};

struct EncoderOnlySpec {  // Holds nothing between steps.
    AttentionCache cache;
    friend bool operator==(const EncoderOnlySpec&, const EncoderOnlySpec&) = default;
};

struct CrossSpec {  // Holds the encoder's tokens.
    AttentionCache cache;
    friend bool operator==(const CrossSpec&, const CrossSpec&) = default;
};

struct CustomSpec {  // A kind that is only numbers: as a plug-in of the engine would register it.
    std::string name;
    TokensPerBlock block{16};
    BytesPerBlock page{1};
    std::optional<Tokens> window = {};  // Empty: keeps every token.
    friend bool operator==(const CustomSpec&, const CustomSpec&) = default;
};

using KvSpec = std::variant<FullSpec, SinkFullSpec, RswaSpec, MlaSpec, HiddenStateSpec, SlidingWindowSpec, SlidingWindowMlaSpec,
                            ChunkedLocalSpec, CircularBufferSpec, MambaSpec, EncoderOnlySpec, CrossSpec, CustomSpec>;

std::string_view kind_of(const KvSpec& spec);  // "full", "sliding_window", ...

// The parts that kinds share; null where a kind has none.
const AttentionCache* attention_of(const KvSpec& spec);
AttentionCache* attention_of(KvSpec& spec);
const FullSpec* full_of(const KvSpec& spec);  // Full and what derives from it: sink, rswa, mla, hidden state.
const MlaSpec* mla_of(const KvSpec& spec);    // mla, hidden state.
const SlidingWindowSpec* sliding_of(const KvSpec& spec);
SlidingWindowSpec* sliding_of(KvSpec& spec);

TokensPerBlock block_of(const KvSpec& spec);
// A spec with an `alignment` pads its page up to it whenever it is made or changed, as the engine does on construction.
// A page that is aligned already keeps the padding it had.
KvSpec realigned(KvSpec spec);
KvSpec with_block(KvSpec spec, TokensPerBlock block);
KvSpec with_padded_page(KvSpec spec, Bytes page);
void pad_page(KvSpec& spec, Bytes page);  // Only the padding, whatever the alignment says; a kind without padding stays as it is.
std::optional<Bytes> padded_page_of(const KvSpec& spec);
ContextSharding sharding_of(const KvSpec& spec);
StrideAlignment stride_alignment_of(const KvSpec& spec);
bool prefix_cacheable(const KvSpec& spec);
std::string_view name_of(QuantMode mode);
std::string_view name_of(MambaMode mode);
std::string_view name_of(CacheRole role);

}  // namespace kv
