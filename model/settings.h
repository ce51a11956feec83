// The knobs of an engine that planning reads, as the engine has resolved them.
#pragma once

#include "model/spec.h"
#include "model/units.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kv {

// Order of the dimensions in memory, outermost first: L layer, B block, H head, N token, C content.
enum class CacheLayout : std::uint8_t { LBHNC, LBNHC, LHBNC, BLHNC, BLNHC, BHLNC };
inline constexpr std::array<std::string_view, 6> cache_layout_names{"LBHNC", "LBNHC", "LHBNC", "BLHNC", "BLNHC", "BHLNC"};
constexpr std::string_view name_of(CacheLayout layout) { return cache_layout_names[static_cast<std::size_t>(layout)]; }

enum class LengthChoice : std::uint8_t { as_given, fitted_to_memory };
enum class HybridManager : std::uint8_t { enabled, disabled };

struct Parallel {
    std::int64_t tensor = 1;
    std::int64_t pipeline = 1;
    std::int64_t decode_context = 1;
    std::int64_t prefill_context = 1;
    Tokens context_interleave{1};  // That each context-parallel rank takes in turn.
    constexpr std::int64_t context() const { return checked_mul(decode_context, prefill_context); }
};

struct Drafting {
    std::optional<std::string> method = {};  // "mtp", "eagle3", "ngram", ...; empty: no drafts.
    std::int64_t tokens = 0;
    std::int64_t modules = 1;  // Layers of the drafter that predict one token each.
    bool keeps_last_block = false;
    std::optional<Blocks> pool_blocks = {};  // Of a pool of its own; empty: it shares the target's.
};

struct Settings {
    Tokens model_len_max{8192};
    LengthChoice length = LengthChoice::as_given;
    Tokens batched_max{8192};
    std::int64_t sequences_max = 256;
    Tokens encoder_tokens_max{0};                  // Of a step.
    std::optional<Tokens> encoder_input_max = {};  // Of one request; empty: those of a step.
    TokensPerBlock block{16};                      // The user's; layers carry their own.
    Parallel parallel;
    std::optional<Blocks> blocks_override = {};
    HybridManager hybrid_manager = HybridManager::enabled;
    MambaMode mamba_mode = MambaMode::none;
    bool prefix_caching = true;
    Drafting drafting;
    CacheLayout layout = CacheLayout::LBNHC;
    bool async_scheduling = true;
    bool v2_runner = false;
    std::string model_type;
    std::optional<Tokens> prefix_match_unit = {};
};

// Drafters that read the target's hidden states.
bool uses_eagle(const Drafting& drafting);
bool drops_eagle_block(const Drafting& drafting);
std::int64_t concurrent_batches(const Settings& settings);
Tokens in_flight_max(const Settings& settings);  // Scheduled but not yet settled.
Tokens longest_encoder_input(const Settings& settings);
Tokens prefill_lookahead(const Settings& settings);  // Prompt tokens past the computed ones that a drafter reads.

}  // namespace kv
