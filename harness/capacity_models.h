// The models that a plan or a capacity report is asked of: a model's config.json, a scenario file, or real models as engines recorded
// them, joined by their names.
#pragma once

#include "harness/imported_model.h"
#include "model/engine.h"
#include "scenarios/model_file.h"
#include "scenarios/model_recording.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

// What flags and sweeps set instead of what a model's file says.
struct CapacityKnobs {
    std::optional<std::int64_t> tensor = {}, pipeline = {};
    std::optional<std::string> kv_dtype = {};  // One of kv_dtype_names().
    std::optional<Bytes> memory = {};          // Of each worker.
    std::optional<Blocks> blocks = {};
    std::optional<TokensPerBlock> block = {};
    std::optional<Tokens> batched_max = {};
    std::optional<Tokens> model_len_max = {};
    bool length_fitted = false;  // The longest request that the memory has room for.
    // Of a config.json alone: other files state their layers as they are.
    std::optional<std::int64_t> decode_context = {};
    std::optional<DType> dtype = {}, state_dtype = {};
    std::optional<bool> prefix_caching = {}, hybrid_manager = {};
    std::optional<MambaMode> mamba_mode = {};
    std::optional<std::int64_t> sequences_max = {};
    std::optional<Drafting> drafting = {};
};

// Taken where neither memory nor blocks are asked for and no file says them.
inline constexpr Bytes memory_assumed{std::int64_t{40} << 30};

// Packed forms of a cache, and element types.
std::vector<std::string_view> kv_dtype_names();

// A config.json as each release's classes read it.
struct ConfiguredModel {
    std::array<ImportedModel, 2> read_by;  // By ModelClasses.
    Diagnostic place;
};

struct CapacityModel {
    std::string name;
    std::string file = {};  // Where it was found; of recorded models the first.
    std::optional<ConfiguredModel> configured = {};
    std::optional<ModelFile> stated = {};       // By a scenario file; else:
    std::vector<ModelRecording> recorded = {};  // Under several arguments, by several engines.
    std::vector<RefusedModel> refused = {};
};

// Why there is no model to plan: nobody stated or recorded it so, or the engine itself refuses to run it so.
struct Unavailable {
    enum class Why : std::uint8_t { not_there, refused_by_engine };
    Why by = Why::not_there;
    std::string why;
    std::optional<Refusal> refusal = {};  // Where we know it as a value.
};

// The engine whose recordings there are; empty where there are none, or of several.
std::string recorded_by(const CapacityModel& model);

// The model as this engine has it under these settings. Of several recordings that fit, the one with the longest requests.
std::variant<ModelFile, Unavailable> model_under(const CapacityModel& model, const Engine& engine, const CapacityKnobs& knobs);

inline constexpr std::size_t recordings_max = 1 << 14;

// All that is wrong in all files is told at once. `names`: only these models; all where it is empty.
std::variant<std::vector<CapacityModel>, Diagnostics> load_capacity_models(const std::vector<std::string>& files,
                                                                           const std::vector<std::string>& names);

}  // namespace kv
