#include "harness/serving_conformity.h"

#include "harness/refusal_conformity.h"
#include "model/overload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kv {
namespace {

using Scope = Comparison::Scope;

void compare_settings(const ModelRecording& recording, const ServedModel& ours, Comparison& comparison) {
    const Scope scope(comparison, "resolved");
    const Settings& recorded = recording.model.settings;
    const Settings& settings = ours.settings;
    comparison.value("dtype", recording.serving.dtype, std::string(name_of(ours.resolved.dtype)));
    comparison.value("cache_dtype", recording.serving.cache_dtype, ours.resolved.cache_dtype);
    comparison.value("max_model_len", recorded.model_len_max, settings.model_len_max);
    comparison.value("block_size", recorded.block, settings.block);
    comparison.value("enable_prefix_caching", recorded.prefix_caching, settings.prefix_caching);
    comparison.value("mamba_cache_mode", std::string(name_of(recorded.mamba_mode)), std::string(name_of(settings.mamba_mode)));
    comparison.value("mamba_block_size", recording.serving.state_block, ours.resolved.state_block);
    comparison.value("mamba_page_size_padded", recording.serving.state_page_padded, ours.resolved.state_page_padded);
    comparison.value("enable_chunked_prefill", recording.serving.chunked_prefill, ours.resolved.chunked_prefill);
    comparison.value("max_num_batched_tokens", recorded.batched_max, settings.batched_max);
    comparison.value("max_num_seqs", recorded.sequences_max, settings.sequences_max);
    comparison.value("max_num_encoder_input_tokens", recorded.encoder_tokens_max, settings.encoder_tokens_max);
    comparison.value("disable_hybrid_kv_cache_manager", recorded.hybrid_manager == HybridManager::disabled,
                     settings.hybrid_manager == HybridManager::disabled);
    if (recording.shape == RecordShape::vllm_0_18) return;
    comparison.value("kv_cache_layout", std::string(name_of(recorded.layout)), std::string(name_of(settings.layout)));
    comparison.value("async_scheduling", recorded.async_scheduling, settings.async_scheduling);
    comparison.value("use_v2_model_runner", recorded.v2_runner, settings.v2_runner);
}

std::string layer_text(const ModelLayers& layers, WorkerLayer layer, RecordShape shape) {
    return fmt::format("{} {}", layers.names[index(layer.layer)], spec_text(layers.specs[index(layer.spec)], shape));
}

// Names first: which layers there are, in which order. Then the fields of their specs, where only these differ.
void compare_worker(const ModelLayers& recorded, const ModelLayers& ours, std::size_t worker, RecordShape shape, Comparison& comparison) {
    const auto names = [&](const ModelLayers& layers) {
        std::vector<std::string_view> out;
        for (const WorkerLayer layer : layers.workers[worker]) out.push_back(layers.names[index(layer.layer)]);
        return out;
    };
    const auto recorded_names = names(recorded);
    const auto our_names = names(ours);
    if (recorded_names != our_names) return comparison.list("names", recorded_names, our_names);
    for (std::size_t i = 0; i < recorded_names.size(); ++i) {
        const KvSpec& spec = recorded.specs[index(recorded.workers[worker][i].spec)];
        const KvSpec& our_spec = ours.specs[index(ours.workers[worker][i].spec)];
        if (spec == our_spec) continue;
        const Scope scope(comparison, "specs", i);
        const std::vector<FieldText> fields = field_texts(spec, shape);
        const std::vector<FieldText> our_fields = field_texts(our_spec, shape);
        if (fields.front() != our_fields.front()) {
            comparison.differ("kind", layer_text(recorded, recorded.workers[worker][i], shape),
                              layer_text(ours, ours.workers[worker][i], shape));
            return;
        }
        bool told = false;
        for (std::size_t f = 0; f < std::min(fields.size(), our_fields.size()); ++f)
            if (fields[f] != our_fields[f]) {
                comparison.differ(fields[f].name, fields[f].text, our_fields[f].text);
                told = true;
            }
        if (!told) comparison.differ("", spec_text(spec, shape), spec_text(our_spec, shape));
    }
}

// What a reason of the recording says: the exception, and where it was raised.
struct Reason {
    std::string type, raised_in, message;
};

// A config class of transformers 5 tells what went wrong inside of an exception of its own.
std::string inner_reason(const std::string& reason) {
    if (!reason.starts_with("StrictDataclass")) return reason;
    const std::size_t begin = reason.find("': ");
    return begin == std::string::npos ? reason : reason.substr(begin + 3);
}

Reason parsed_reason(const std::string& given) {
    std::string reason = inner_reason(given);
    if (reason.ends_with(':')) reason += ' ';  // An exception that says nothing.
    const std::size_t colon = reason.find(": ");
    if (colon == std::string::npos) return {.type = {}, .raised_in = {}, .message = reason};
    const std::string head = reason.substr(0, colon);
    const std::string rest = reason.substr(colon + 2);
    constexpr std::array<std::string_view, 2> exceptions{"Error", "Exception"};
    const bool exception = std::ranges::any_of(exceptions, [&](std::string_view end) { return head.ends_with(end); });
    if (exception) return {.type = head, .raised_in = {}, .message = rest};
    // A config class of the engine: what it validates is a ValueError, an assertion in it is told as such.
    const bool asserted = rest.starts_with("Assertion failed");
    return {.type = asserted ? "AssertionError" : "ValueError", .raised_in = head, .message = rest};
}

}  // namespace

void compare_serving(const ModelRecording& recording, const ServedModel& ours, Comparison& comparison) {
    compare_settings(recording, ours, comparison);
    const ModelLayers& recorded = recording.model.layers;
    if (comparison.same_size("workers", recorded.workers.size(), ours.layers.workers.size()))
        for (std::size_t i = 0; i < recorded.workers.size(); ++i) {
            const Scope scope(comparison, "layers", i);
            compare_worker(recorded, ours.layers, i, recording.shape, comparison);
        }
    auto shared = recording.serving.shared;
    auto our_shared = ours.shared;
    std::ranges::sort(shared);
    std::ranges::sort(our_shared);
    if (shared != our_shared) {
        const auto text = [](const auto& list) {
            return list.empty() ? std::string("none") : fmt::format("{}: {} -> {}, ...", list.size(), list[0].first, list[0].second);
        };
        comparison.differ("shared_layers", text(shared), text(our_shared));
    }
    comparison.value("layers_without_cache", recording.serving.uncached, std::ssize(ours.uncached) + std::int64_t{0});
}

void compare_refused_model(const RefusedModel& recorded, const ServedConfig& ours, Comparison& comparison,
                           std::vector<FieldDifference>& raised_in) {
    const Scope scope(comparison, "refusal");
    const Refusal* refusal = std::get_if<Refusal>(&ours);
    if (refusal == nullptr) {
        // A config that we call wrong is refused too, with its place; the engine's words for it are not ours.
        if (!std::holds_alternative<Diagnostics>(ours)) comparison.differ("", recorded.reason, described(ours));
        return;
    }
    const Reason reason = parsed_reason(recorded.reason);
    compare_refusal({.type = reason.type, .message = reason.message, .raised_in = reason.raised_in, .check = {}}, *refusal, comparison,
                    raised_in);
}

std::string case_name(std::string_view model, const RecordedArguments& arguments) {
    std::string out(model);
    for (const RecordedArgument& argument : arguments.spelled) out += fmt::format(" {}={}", argument.name, argument.value);
    return out;
}

std::string described(const ServedConfig& served) {
    return std::visit(Overload{[](const ServedModel& model) { return fmt::format("a model of {} layers", model.layers.names.size()); },
                               [](const Refusal& refusal) { return refusal_text(refusal); },
                               [](const UnknownArchitecture& unknown) { return "an architecture that is not known: " + unknown.name; },
                               [](const Diagnostics& wrong) { return wrong.empty() ? std::string("wrong") : to_text(wrong.front()); }},
                      served);
}

}  // namespace kv
