// A workload: what reads holds requests in range, what does not says where it is wrong.
#include "model/contract.h"
#include "scenarios/workload_csv.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    const auto read = kv::read_workload("fuzz.csv", text);
    if (const auto* errors = std::get_if<kv::Diagnostics>(&read)) {
        kv::require(!errors->empty(), "a workload that is refused has an error");
        kv::to_text(*errors);
        return 0;
    }
    const auto& requests = std::get<kv::Workload>(read).requests;
    kv::require(!requests.empty() && requests.size() <= text.size(), "a request takes a line");
    for (const kv::WorkloadRequest& request : requests) {
        kv::require(request.prompt >= kv::Tokens{1} && request.output >= kv::Tokens{0}, "lengths are in range");
        kv::require(request.length() <= kv::Tokens{2 * kv::request_tokens_max}, "lengths are in range");
    }
    kv::require(std::get<kv::Workload>(kv::read_workload("fuzz.csv", text + "\n")).requests == requests,
                "a further line feed changes nothing");
    return 0;
}
