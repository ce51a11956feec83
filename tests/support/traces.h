// The recorded traces in tests/golden/trace, and small ones written by hand.
#pragma once

#include "scenarios/golden_trace.h"
#include "tests/support/recorded.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace kv::testing {

inline std::string trace_file(const std::string& name, const std::string& version) {
    return std::string(KV_GOLDEN_DIR) + "/trace/" + name + "-vllm-" + version + ".jsonl.gz";
}

inline JsonDocument json_line(const std::string& text, std::size_t line = 1) {
    auto read = read_json({.file = "case.jsonl", .text = text, .first_line = line});
    if (const auto* wrong = std::get_if<Diagnostics>(&read)) throw std::runtime_error(to_text(*wrong));
    return std::get<JsonDocument>(std::move(read));
}

inline Json full_group(int block = 16) {
    return {{"kind", "full"}, {"block_size", block}, {"num_kv_heads", 1}, {"head_size", 8}, {"dtype", "float16"}};
}
inline Json sliding_group(int block, int window) {
    Json group = full_group(block);
    group["kind"] = "sliding";
    group["sliding_window"] = window;
    return group;
}

// A header of 0.18.0 with one full group and 8 blocks, or of 0.32.0.
inline Json trace_header(const std::string& version = "0.18.0") {
    Json header = Json::parse(R"({"trace":"t","engine":"","family":"hand","setup":{"groups":[],"num_blocks":8,"enable_caching":true,
        "max_model_len":4096,"hash_block_size":16,"use_eagle":false,"dcp":1,"pcp":1},"coordinator":"UnitaryKVCacheCoordinator"})");
    header["engine"] = version;
    Json& setup = header["setup"];
    setup["groups"].push_back(full_group());
    if (version == "0.18.0") return header;
    setup.update(Json::parse(R"({"scheduler_block_size":16,"max_in_flight_tokens":4096,"num_prefill_lookahead":0,"watermark":0.0,
        "retention_interval":null,"mamba_shared_prefix_checkpoint":false})"));
    return header;
}

inline Json trace_end(int operations) { return {{"end", "t"}, {"ops", operations}, {"stats", Json::object()}}; }

}  // namespace kv::testing
