#include "reports/refusal_json.h"

#include <nlohmann/json.hpp>

namespace kv {
namespace {

using Json = nlohmann::ordered_json;

template <class Unit>
Json or_null(const std::optional<Count<Unit>>& count) {
    return count ? Json(count->value) : Json(nullptr);
}

}  // namespace

nlohmann::ordered_json refusal_json(const Refusal& refusal) {
    Json out{{"type", name_of(refusal.type)}, {"raised_in", refusal.raised_in}, {"message", refusal.message}, {"figures", refusal.figures}};
    out["layer"] = refusal.layer.empty() ? Json(nullptr) : Json(refusal.layer);
    out["admission"] = nullptr;
    if (!refusal.admission) return out;
    const AdmissionFigures& figures = *refusal.admission;
    out["admission"] = {{"worker", figures.worker},
                        {"there", figures.checked.value},
                        {"needed", or_null(figures.needed)},
                        {"estimated_len_max", or_null(figures.estimated_len_max)}};
    return out;
}

nlohmann::ordered_json optional_refusal_json(const std::optional<Refusal>& refusal) {
    return refusal ? refusal_json(*refusal) : Json(nullptr);
}

}  // namespace kv
