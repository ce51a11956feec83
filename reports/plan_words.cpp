#include "reports/plan_words.h"

#include "reports/numbers.h"
#include "scenarios/utf8.h"

#include <algorithm>
#include <cctype>

namespace kv {
namespace {

constexpr std::size_t name_shown_max = 40;

std::string with_tokens(std::string_view kind, std::optional<Tokens> tokens) {
    return std::string(kind) + (tokens ? ' ' + grouped(tokens->value) : "");
}

std::string dimensions(const MambaState& state) {
    std::string out;
    for (const std::int64_t size : state.shape) out += (out.empty() ? "" : "x") + std::to_string(size);
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return out;
}

struct Run {
    std::int64_t first = 0, last = 0, step = 0;
};

// The longest run from `begin` on that steps evenly; a lone layer where three do not.
Run run_from(const std::vector<LayerId>& layers, std::size_t begin, std::size_t& end) {
    const auto number = [&](std::size_t i) { return static_cast<std::int64_t>(layers[i]); };
    end = begin + 1;
    if (end == layers.size()) return {number(begin), number(begin), 0};
    const std::int64_t step = number(end) - number(begin);
    while (end < layers.size() && number(end) - number(end - 1) == step) ++end;
    if (end - begin < 3) end = begin + 1;
    return {number(begin), number(end - 1), end - begin == 1 ? 0 : step};
}

}  // namespace

std::string kind_words(const KvSpec& spec) {
    const std::string_view kind = kind_of(spec);
    return std::visit(
        Overload{[&](const FullSpec& s) { return with_tokens(kind, s.window ? s.window : s.chunk); },
                 [&](const SinkFullSpec& s) { return with_tokens(kind, s.sink); },
                 [&](const RswaSpec& s) { return with_tokens(kind, s.rswa_window); },
                 [&](const MlaSpec& s) { return std::string(kind) + (s.role == CacheRole::indexer ? " indexer" : ""); },
                 [&](const HiddenStateSpec&) { return std::string(kind); },
                 [&](const SlidingWindowSpec& s) { return with_tokens(kind, s.window); },
                 [&](const SlidingWindowMlaSpec& s) { return with_tokens(kind, s.sliding.window); },
                 [&](const ChunkedLocalSpec& s) { return with_tokens(kind, s.chunk); },
                 [&](const CircularBufferSpec&) { return std::string(kind); },
                 [&](const MambaSpec& s) { return std::string(kind) + ' ' + std::string(name_of(s.mode)); },
                 [&](const EncoderOnlySpec&) { return std::string(kind); }, [&](const CrossSpec&) { return std::string(kind); },
                 [&](const CustomSpec& s) { return with_tokens(std::string(kind) + ' ' + shortened(s.name, name_shown_max), s.window); }},
        spec);
}

std::string shape_words(const KvSpec& spec) {
    if (const AttentionCache* cache = attention_of(spec)) {
        std::string out = std::to_string(cache->kv_heads) + " x " + std::to_string(cache->head_size);
        if (cache->head_size_v != cache->head_size && cache->head_size_v != 0) out += '/' + std::to_string(cache->head_size_v);
        return out;
    }
    std::string out;
    if (const auto* mamba = std::get_if<MambaSpec>(&spec))
        for (const MambaState& state : mamba->states) out += (out.empty() ? "" : ", ") + dimensions(state);
    return shortened(out, name_shown_max);
}

std::string dtype_words(const KvSpec& spec) {
    if (const AttentionCache* cache = attention_of(spec))
        return std::string(name_of(cache->dtype)) + (cache->quant == QuantMode::none ? "" : ' ' + lower(name_of(cache->quant)));
    std::vector<std::string_view> names;
    if (const auto* mamba = std::get_if<MambaSpec>(&spec))
        for (const MambaState& state : mamba->states)
            if (std::ranges::find(names, name_of(state.dtype)) == names.end()) names.push_back(name_of(state.dtype));
    std::string out;
    for (const std::string_view name : names) out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
}

std::string layer_ranges(const std::vector<LayerId>& layers, std::size_t most) {
    std::string out;
    for (std::size_t begin = 0, end = 0; begin < layers.size(); begin = end) {
        const Run run = run_from(layers, begin, end);
        std::string part = 'L' + std::to_string(run.first);
        if (run.last != run.first) part += "..L" + std::to_string(run.last);
        if (run.step != 0 && run.step != 1) part += " by " + std::to_string(run.step);
        if (!out.empty() && out.size() + part.size() + 2 > most) return out + ", ...";
        out += (out.empty() ? "" : ", ") + part;
    }
    return out;
}

std::vector<TensorRun> tensor_runs(std::span<const Tensor> tensors) {
    std::vector<TensorRun> runs;
    for (const Tensor& tensor : tensors) {
        const auto same = std::ranges::find_if(runs, [&](const TensorRun& run) {
            return run.size == tensor.size && run.layers == tensor.layers.size() && run.layer_stride == tensor.layer_stride &&
                   run.block_stride == tensor.block_stride;
        });
        if (same != runs.end()) {
            ++same->count;
            same->offset_last = tensor.offset;
        } else {
            runs.push_back({1, tensor.size, tensor.layers.size(), tensor.layer_stride, tensor.block_stride, tensor.offset, tensor.offset});
        }
    }
    return runs;
}

std::vector<std::string> tensor_words(const TensorRun& run) {
    const bool one = run.count == 1;
    const std::string count = grouped(static_cast<std::int64_t>(run.count));
    const std::string layers = counted(static_cast<std::int64_t>(run.layers), "layer", "layers");
    if (run.block_stride == Bytes{0})
        return {count + " x " + both(run.size) + ", each " + (run.layers == 1 ? "of " : "shared by ") + layers};
    const std::string whole = count + (one ? " view of " : " views of ") + both(run.size) + (one ? ", of " : ", each of ") + layers;
    std::string strides = "  block stride " + grouped(run.block_stride.value);
    if (run.layers > 1) strides += ", layer stride " + grouped(run.layer_stride.value);
    const std::string offset = grouped(run.offset_last.value);
    if (run.offset_last != run.offset_first) return {whole, strides + ", offsets " + grouped(run.offset_first.value) + " to " + offset};
    return {whole, run.offset_last == Bytes{0} ? strides : strides + ", offset " + offset};
}

}  // namespace kv
