#include "harness/capacity_models.h"

#include "scenarios/cache_format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace kv {

namespace {

constexpr std::size_t combinations_told_max = 24;

std::string unquoted(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.starts_with('"') && text.ends_with('"');
    return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

// The flag that asks for an argument; empty where none does.
std::string_view flag_of(std::string_view argument) {
    struct Flag {
        std::string_view argument, name;
    };
    constexpr std::array<Flag, 5> flags{{{"block_size", "--block"},
                                         {"kv_cache_dtype", "--kv-dtype"},
                                         {"max_num_batched_tokens", "--batched"},
                                         {"pp", "--pp"},
                                         {"tp", "--tp"}}};
    const auto flag = std::ranges::find(flags, argument, &Flag::argument);
    return flag == flags.end() ? std::string_view() : flag->name;
}

bool has_flags(const std::vector<RecordedArgument>& arguments) {
    return std::ranges::none_of(arguments, [](const RecordedArgument& argument) { return flag_of(argument.name).empty(); });
}

// Arguments as flags ask for them: "--kv-dtype fp8 --tp 2".
std::string words(const std::vector<RecordedArgument>& arguments) {
    std::vector<std::string> parts;
    for (const RecordedArgument& argument : arguments)
        parts.push_back(fmt::format("{} {}", flag_of(argument.name), unquoted(argument.value)));
    return parts.empty() ? "no flag" : fmt::format("{}", fmt::join(parts, " "));
}

// The arguments that the flags ask for, as a recording orders and spells them. What is the engine's default is not named.
std::vector<RecordedArgument> wanted_arguments(const CapacityKnobs& knobs, bool batched_too) {
    std::vector<RecordedArgument> wanted;
    if (knobs.block) wanted.push_back({"block_size", std::to_string(knobs.block->value)});
    if (knobs.kv_dtype && *knobs.kv_dtype != "auto") wanted.push_back({"kv_cache_dtype", '"' + *knobs.kv_dtype + '"'});
    if (knobs.batched_max && batched_too) wanted.push_back({"max_num_batched_tokens", std::to_string(knobs.batched_max->value)});
    if (knobs.pipeline.value_or(1) != 1) wanted.push_back({"pp", std::to_string(*knobs.pipeline)});
    if (knobs.tensor.value_or(1) != 1) wanted.push_back({"tp", std::to_string(*knobs.tensor)});
    return wanted;
}

// What becomes of captured rows has no part in what a recorded model says.
bool speaks_of_models(const Slot& slot) {
    return slot.area != SlotArea::capture && slot.area != SlotArea::delivery && slot.area != SlotArea::scheduling &&
           slot.area != SlotArea::working;
}

bool mostly_alike(const Engine& one, const Engine& other) {
    constexpr std::ptrdiff_t few = 4;  // A fourth of them.
    const auto differs = [&](const Slot& slot) { return speaks_of_models(slot) && slot.rule_of(one) != slot.rule_of(other); };
    return std::ranges::count_if(slots(), differs) * few < std::ranges::count_if(slots(), speaks_of_models);
}

// The engine whose recordings a table of rules is read with: its own, or where it has none those of a recorded engine that it shares
// all but a few rules with, as `reference` does with the engine that it was made from.
std::string recorded_engine(const CapacityModel& model, const Engine& engine) {
    const auto known = [&](std::string_view name) {
        return std::ranges::find(model.recorded, name, &ModelRecording::engine) != model.recorded.end() ||
               std::ranges::find(model.refused, name, &RefusedModel::engine) != model.refused.end();
    };
    if (known(engine.name)) return std::string(engine.name);
    for (const Engine& shipped : engines())
        if (known(shipped.name) && mostly_alike(engine, shipped)) return std::string(shipped.name);
    return std::string(engine.name);
}

// The one with the longest requests; one that is fitted to a memory of its own only where there is no other.
const ModelRecording* longest(const CapacityModel& model, std::string_view engine, const std::vector<RecordedArgument>& wanted) {
    const auto rank = [](const ModelRecording& recording) {
        return std::pair(recording.model.settings.length == LengthChoice::as_given, recording.model.settings.model_len_max);
    };
    const ModelRecording* found = nullptr;
    for (const ModelRecording& recording : model.recorded)
        if (recording.engine == engine && recording.arguments.spelled == wanted && (found == nullptr || rank(*found) < rank(recording)))
            found = &recording;
    return found;
}

std::string combinations(const CapacityModel& model, std::string_view engine) {
    std::set<std::string> all;
    for (const ModelRecording& recording : model.recorded)
        if (recording.engine == engine && has_flags(recording.arguments.spelled)) all.insert(words(recording.arguments.spelled));
    if (all.empty()) return "nothing";
    const bool more = all.size() > combinations_told_max;
    return fmt::format("{}{}", fmt::join(all.begin(), more ? std::next(all.begin(), combinations_told_max) : all.end(), "; "),
                       more ? "; ..." : "");
}

// A longer or shorter longest request: states that are kept once a request have blocks of that length.
void set_model_len(ModelFile& model, Tokens length) {
    const std::int64_t before = model.settings.model_len_max.value;
    for (KvSpec& spec : model.layers.specs) {
        auto* mamba = std::get_if<MambaSpec>(&spec);
        if (mamba != nullptr && mamba->mode == MambaMode::none && mamba->block.value == before) mamba->block = TokensPerBlock{length.value};
    }
    model.settings.model_len_max = length;
    model.settings.length = LengthChoice::as_given;
}

void set_knobs(ModelFile& model, const CapacityKnobs& knobs) {
    if (knobs.memory) std::ranges::fill(model.memory, *knobs.memory);
    if (knobs.blocks) model.settings.blocks_override = knobs.blocks;
    if (knobs.batched_max) model.settings.batched_max = *knobs.batched_max;
    if (knobs.model_len_max) set_model_len(model, *knobs.model_len_max);
    if (knobs.length_fitted) model.settings.length = LengthChoice::fitted_to_memory;
}

// Specs that were told apart by what a flag replaced may be equal now; equal specs have one id.
void merge_equal_specs(ModelFile& model) {
    std::vector<KvSpec> kept;
    std::vector<Diagnostic> places;
    std::vector<SpecId> id_of;
    for (std::size_t i = 0; i < model.layers.specs.size(); ++i) {
        const auto same = std::ranges::find(kept, model.layers.specs[i]);
        id_of.push_back(static_cast<SpecId>(same - kept.begin()));
        if (same != kept.end()) continue;
        kept.push_back(model.layers.specs[i]);
        places.push_back(model.spec_places[i]);
    }
    for (std::vector<WorkerLayer>& worker : model.layers.workers)
        for (WorkerLayer& layer : worker) layer.spec = id_of[index(layer.spec)];
    model.layers.specs = std::move(kept);
    model.spec_places = std::move(places);
}

// What is wrong with a dtype for this cache, or nothing.
std::optional<std::string> set_dtype(AttentionCache& cache, const std::string& name) {
    const auto format = std::ranges::find(cache_format_names, name);
    if (format == cache_format_names.begin()) return std::nullopt;  // "auto": as the file states it.
    cache.quant = QuantMode::none;
    cache.state_bytes.reset();
    cache.head_slots.reset();
    if (format != cache_format_names.end()) return apply(static_cast<CacheFormat>(format - cache_format_names.begin()), cache);
    cache.dtype = dtype_named(name).value_or(cache.dtype);
    return std::nullopt;
}

Unavailable not_there(std::string why) { return {.by = Unavailable::Why::not_there, .why = std::move(why)}; }

// The flag among these that only a config.json can follow; empty: none was given.
std::string_view config_flag(const CapacityKnobs& knobs) {
    if (knobs.decode_context) return "--dcp";
    if (knobs.dtype) return "--dtype";
    if (knobs.state_dtype) return "--state-dtype";
    if (knobs.prefix_caching) return "--prefix-caching";
    if (knobs.hybrid_manager) return "--hybrid-manager";
    if (knobs.mamba_mode) return "--mamba-mode";
    if (knobs.sequences_max) return "--sequences";
    if (knobs.drafting) return "--drafts";
    return {};
}

ServingArguments arguments_of(const CapacityKnobs& knobs) {
    ServingArguments asked;
    asked.model_len_max = knobs.model_len_max;
    if (knobs.length_fitted) asked.length = LengthChoice::fitted_to_memory;
    asked.parallel.tensor = knobs.tensor.value_or(1);
    asked.parallel.pipeline = knobs.pipeline.value_or(1);
    asked.parallel.decode_context = knobs.decode_context.value_or(1);
    asked.cache_dtype = knobs.kv_dtype.value_or("auto");
    asked.dtype = knobs.dtype;
    asked.block = knobs.block;
    asked.prefix_caching = knobs.prefix_caching;
    asked.mamba_mode = knobs.mamba_mode;
    asked.state_dtype = knobs.state_dtype;
    asked.batched_max = knobs.batched_max;
    asked.sequences_max = knobs.sequences_max;
    if (!knobs.hybrid_manager.value_or(true)) asked.hybrid_manager = HybridManager::disabled;
    if (knobs.drafting) asked.drafting = *knobs.drafting;
    return asked;
}

Unavailable refused(Refusal refusal) {
    Unavailable out{.by = Unavailable::Why::refused_by_engine, .why = {}, .refusal = {}};
    out.why = fmt::format("{} in {}: {}", name_of(refusal.type), refusal.raised_in, refusal.message);
    if (!refusal.figures.empty()) out.why += fmt::format(" ({})", fmt::join(refusal.figures, ", "));
    out.refusal = std::move(refusal);
    return out;
}

std::variant<ModelFile, Unavailable> configured_under(const CapacityModel& model, const Engine& engine, const CapacityKnobs& knobs) {
    const ImportedModel& read = model.configured->read_by.at(static_cast<std::size_t>(engine.model_classes.choice));
    if (const auto* refusal = std::get_if<Refusal>(&read)) return refused(*refusal);
    const auto* shape = std::get_if<ModelShape>(&read);
    if (shape == nullptr) return not_there("its config.json cannot be read as this release reads it");
    auto served = serve(engine, *shape, arguments_of(knobs));
    if (auto* refusal = std::get_if<Refusal>(&served)) return refused(std::move(*refusal));
    ModelFile file = file_of_served(model.name, std::get<ServedModel>(std::move(served)), knobs.memory.value_or(memory_assumed),
                                    model.configured->place);
    file.settings.blocks_override = knobs.blocks;
    if (!knobs.memory && !knobs.blocks) file.assumed = "40 GiB for the cache of each worker: --memory or --blocks says otherwise";
    file.engine = engine.model_classes.id;
    return file;
}

// A scenario file states what one rank holds: it is not divided further.
std::variant<ModelFile, Unavailable> stated_under(const ModelFile& stated, const CapacityKnobs& knobs) {
    const Parallel& parallel = stated.settings.parallel;
    constexpr const char* ranks = "the file states {} = {}: its layers are what one rank holds, and {} would hold others";
    if (knobs.tensor.value_or(parallel.tensor) != parallel.tensor)
        return not_there(fmt::format(ranks, "tp", parallel.tensor, fmt::format("one of {}", *knobs.tensor)));
    if (knobs.pipeline.value_or(parallel.pipeline) != parallel.pipeline)
        return not_there(fmt::format(ranks, "pp", parallel.pipeline, fmt::format("a stage of {}", *knobs.pipeline)));
    ModelFile model = stated;
    for (KvSpec& spec : model.layers.specs) {
        if (AttentionCache* cache = attention_of(spec); cache != nullptr && knobs.kv_dtype) {
            if (const auto wrong = set_dtype(*cache, *knobs.kv_dtype))
                return not_there(
                    fmt::format("--kv-dtype {} does not fit the layers of kind {}: it {}", *knobs.kv_dtype, kind_of(spec), *wrong));
            spec = realigned(std::move(spec));
        }
        const bool users_block = attention_of(spec) != nullptr && block_of(spec) == stated.settings.block;
        if (knobs.block && users_block) spec = with_block(std::move(spec), *knobs.block);
    }
    if (knobs.block) model.settings.block = *knobs.block;
    set_knobs(model, knobs);
    merge_equal_specs(model);
    return model;
}

}  // namespace

std::vector<std::string_view> kv_dtype_names() {
    std::vector<std::string_view> names(cache_format_names.begin(), cache_format_names.end());
    for (const DType dtype : {DType::bfloat16, DType::float16, DType::float32}) names.push_back(name_of(dtype));
    return names;
}

std::string recorded_by(const CapacityModel& model) {
    std::set<std::string> engines;
    for (const ModelRecording& recording : model.recorded) engines.insert(recording.engine);
    for (const RefusedModel& refused : model.refused) engines.insert(refused.engine);
    return engines.size() == 1 ? *engines.begin() : std::string();
}

std::variant<ModelFile, Unavailable> model_under(const CapacityModel& model, const Engine& engine, const CapacityKnobs& knobs) {
    if (model.configured) return configured_under(model, engine, knobs);
    if (const std::string_view flag = config_flag(knobs); !flag.empty())
        return not_there(fmt::format("{} asks for other layers than the file states: only a config.json can be served so", flag));
    if (model.stated) return stated_under(*model.stated, knobs);
    const std::string name = recorded_engine(model, engine);
    for (const RefusedModel& refused : model.refused)
        if (refused.engine == name && (!refused.arguments || refused.arguments->spelled == wanted_arguments(knobs, true)))
            return Unavailable{.by = Unavailable::Why::refused_by_engine, .why = refused.reason};
    const ModelRecording* found = longest(model, name, wanted_arguments(knobs, true));
    if (found == nullptr) found = longest(model, name, wanted_arguments(knobs, false));
    const auto of_engine = [&](const ModelRecording& recording) { return recording.engine == name; };
    if (found == nullptr && std::ranges::none_of(model.recorded, of_engine)) return not_there("not recorded on " + name);
    if (found == nullptr)
        return not_there(
            fmt::format("not recorded with {}; recorded with: {}", words(wanted_arguments(knobs, false)), combinations(model, name)));
    ModelFile under = found->model;
    set_knobs(under, knobs);
    merge_equal_specs(under);
    return under;
}

}  // namespace kv
