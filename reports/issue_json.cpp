#include "reports/issue_json.h"

#include "scenarios/utf8.h"

namespace kv {

nlohmann::ordered_json figures_json(const std::vector<NamedFigure>& figures) {
    using Json = nlohmann::ordered_json;
    Json out = Json::object();
    for (const NamedFigure& figure : figures) out[figure.name] = figure.number ? Json::parse(figure.value) : Json(printable(figure.value));
    return out;
}

}  // namespace kv
