#include "harness/golden_formats.h"

#include "harness/capacity_conformity.h"
#include "harness/capture_conformity.h"
#include "harness/model_conformity.h"
#include "harness/plan_conformity.h"
#include "harness/side_buffer_conformity.h"
#include "harness/slots_conformity.h"
#include "harness/trace_conformity.h"

#include <array>
#include <utility>
#include <variant>

namespace kv {

std::span<const GoldenFormat> golden_formats() {
    static constexpr std::array formats{model_format,   refused_format,  plan_format,        slots_format,
                                        capture_format, capacity_format, side_buffer_format, trace_format};
    return formats;
}

std::optional<Engine> engine_named(const std::string& name, const ConformOptions& options) {
    if (options.engine) return options.engine;
    std::variant<Engine, EngineSpelling> spelled = engine_spelled(name + options.changes);
    if (auto* engine = std::get_if<Engine>(&spelled)) return std::move(*engine);
    return std::nullopt;
}

}  // namespace kv
