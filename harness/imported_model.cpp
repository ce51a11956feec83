#include "harness/imported_model.h"

#include "model/overload.h"

#include <utility>

namespace kv {

ServedConfig serve_config(const Engine& engine, JsonValue config, const ServingArguments& arguments) {
    return std::visit(Overload{[&](ModelShape shape) -> ServedConfig {
                                   auto served = serve(engine, shape, arguments);
                                   if (auto* refusal = std::get_if<Refusal>(&served)) return std::move(*refusal);
                                   return std::get<ServedModel>(std::move(served));
                               },
                               [](auto other) -> ServedConfig { return other; }},
                      import_model(config, engine.model_classes.choice));
}

ModelFile file_of_served(std::string name, ServedModel served, Bytes memory, const Diagnostic& place) {
    ModelFile file{.name = std::move(name),
                   .layers = std::move(served.layers),
                   .settings = std::move(served.settings),
                   .memory = {},
                   .engine = {},
                   .model_place = place,
                   .spec_places = {}};
    file.memory.assign(file.layers.workers.size(), memory);
    file.spec_places.assign(file.layers.specs.size(), place);
    return file;
}

}  // namespace kv
