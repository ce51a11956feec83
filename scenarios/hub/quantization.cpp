// What the quantisation of a checkpoint makes of the cache. Mirrors get_kv_cache_quant_algo_string and Attention.
#include "scenarios/hub/architecture.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace kv {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// The first of these that says anything.
std::optional<JsonValue> stated(JsonValue inner, JsonValue outer, std::string_view key) {
    for (const JsonValue object : {inner, outer})
        if (const auto value = object.member(key)) {
            const bool empty = value->kind() == JsonKind::null || (value->kind() == JsonKind::string && value->string().empty());
            if (!empty) return value;
        }
    return std::nullopt;
}

bool is_float_of(JsonValue scheme, std::int64_t bits) {
    const auto number = scheme.member("num_bits"), type = scheme.member("type");
    return number && number->kind() == JsonKind::integer && number->number() == static_cast<double>(bits) && type &&
           type->kind() == JsonKind::string && type->string() == "float";
}

std::optional<std::string> modelopt_cache(JsonValue quantization, ModelClasses classes) {
    const auto nested = quantization.member("quantization");
    const JsonValue inner = nested && nested->kind() == JsonKind::object ? *nested : quantization;
    auto algorithm = stated(inner, quantization, "kv_cache_scheme");
    if (!algorithm) algorithm = stated(inner, quantization, "kv_cache_quant_algo");
    if (!algorithm) return std::nullopt;
    std::string name;
    if (algorithm->kind() == JsonKind::string) name = lower(algorithm->string());
    if (algorithm->kind() == JsonKind::object) {
        const auto dynamic = algorithm->member("dynamic");
        const bool fixed = dynamic && dynamic->kind() == JsonKind::boolean && !dynamic->boolean();
        if (fixed && is_float_of(*algorithm, 8)) name = "fp8";
        else if (is_float_of(*algorithm, 4)) name = "nvfp4";
    }
    if (name == "fp8") return "fp8_e4m3";
    if (name == "nvfp4" && classes != ModelClasses::vllm_0_18) return "nvfp4";
    return std::nullopt;
}

}  // namespace

void read_quantization(const ConfigView& config, ModelShape& shape) {
    auto quantization = config.root.find("quantization_config");
    if (!quantization) quantization = config.text.find("quantization_config");
    if (!quantization || quantization->kind() != JsonKind::object) return;
    const auto named = quantization->member("quant_method");
    const std::string method = named && named->kind() == JsonKind::string ? lower(named->string()) : std::string();
    if (method.starts_with("modelopt")) shape.cache_dtype = modelopt_cache(*quantization, config.classes);
    const auto scheme = quantization->member("kv_cache_scheme");
    shape.cache_is_fp8 = (method == "compressed-tensors" || method == "compressed_tensors") && scheme && scheme->kind() == JsonKind::object;
    constexpr std::array<std::string_view, 4> with_scales{"fp8", "modelopt", "modelopt_fp4", "quark"};
    shape.scales_for_cache = shape.cache_is_fp8 || std::ranges::find(with_scales, method) != with_scales.end();
}

}  // namespace kv
