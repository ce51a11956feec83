// The recorded truths in tests/golden/capacity.
#pragma once

#include "tests/support/recorded.h"

#include <string>
#include <vector>

namespace kv::testing {

inline std::vector<std::string> recorded_truth_files() {
    std::vector<std::string> files;
    for (const char* name : {"capacity-vllm-0.18.0", "capacity-vllm-0.32.0", "kinds-vllm-0.18.0", "kinds-vllm-0.32.0"})
        files.push_back(std::string(KV_GOLDEN_DIR) + "/capacity/" + name + ".jsonl.gz");
    return files;
}

inline Json recorded_truth(const std::string& version, const std::string& id) {
    for (const std::string& file : recorded_truth_files())
        for (const std::string& line : lines_of(file)) {
            Json json = Json::parse(line);
            if (json["id"] == id && json["engine"] == "vllm-" + version) return json;
        }
    ADD_FAILURE() << "no case " << id << " of " << version;
    return {};
}

}  // namespace kv::testing
