// A scenario file: what reads has all its requests made one by one, unless they come of another file.
#include "scenarios/scenario.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = kv::read_scenario("fuzz.toml", std::string(data, data + size));
    if (const auto* errors = std::get_if<kv::Diagnostics>(&read)) {
        kv::to_text(*errors);
        return 0;
    }
    const auto& scenario = std::get<kv::Scenario>(read);
    if (scenario.workload && scenario.workload->file) return 0;
    const auto made = kv::requests_of(scenario);
    for (const kv::ScenarioRequest& request : std::get<kv::RequestList>(made).requests) kv::request_id(scenario, request);
    return 0;
}
