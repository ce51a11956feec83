// Lines of the recordings in tests/golden, and ways to change them.
#pragma once

#include "scenarios/lines.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kv::testing {

using Json = nlohmann::ordered_json;

inline std::string recorded_plans(const std::string& version) {
    return std::string(KV_GOLDEN_DIR) + "/plan/plan-vllm-" + version + ".jsonl.gz";
}

// Cases written by hand, around the edges that drawn ones miss.
inline std::string recorded_edges(const std::string& version) {
    return std::string(KV_GOLDEN_DIR) + "/plan/edges-vllm-" + version + ".jsonl.gz";
}

// Block tables and slot mappings: drawn ones, and those around edges.
inline std::vector<std::string> recorded_slots(const std::string& version) {
    std::vector<std::string> files;
    for (const char* const name : {"slots", "drawn-1001", "drawn-1002", "edges"})
        files.push_back(std::string(KV_GOLDEN_DIR) + "/slots/" + name + "-vllm-" + version + ".jsonl.gz");
    return files;
}

inline std::string recorded_side_buffers(const std::string& version) {
    return std::string(KV_GOLDEN_DIR) + "/capture/sidebuffer-vllm-" + version + ".jsonl.gz";
}

// Calls of a router's tensors, and the step buffer after them.
inline std::vector<std::string> recorded_captures(const std::string& version) {
    std::vector<std::string> files;
    for (const char* const name : {"capture", "capture-1", "edges"})
        files.push_back(std::string(KV_GOLDEN_DIR) + "/capture/" + name + "-vllm-" + version + ".jsonl.gz");
    return files;
}

inline std::vector<std::string> lines_of(const std::string& file) {
    LineReader reader(file);
    std::vector<std::string> lines;
    for (std::string line; reader.next(line);) lines.push_back(line);
    EXPECT_FALSE(reader.error()) << to_text(*reader.error());
    return lines;
}

inline std::string recorded_line(const std::string& version, const std::string& id) {
    const std::string start = "{\"id\":\"" + id + "\",";
    for (const std::string& line : lines_of(recorded_plans(version)))
        if (line.starts_with(start)) return line;
    ADD_FAILURE() << "no case " << id << " of " << version;
    return {};
}

inline std::string recorded_slots_line(const std::string& version, const std::string& id) {
    const std::string start = "{\"case\":\"" + id + "\",";
    for (const std::string& file : recorded_slots(version))
        for (const std::string& line : lines_of(file))
            if (line.starts_with(start)) return line;
    ADD_FAILURE() << "no case " << id << " of " << version;
    return {};
}

// A value inside a JSON text, and where: "workers[].tensors[].size".
struct Place {
    Json::json_pointer pointer = Json::json_pointer();
    std::string field = {};
};

inline void collect_places(const Json& value, const Place& at, const std::function<bool(const Json&)>& wanted, std::vector<Place>& places) {
    if (wanted(value)) places.push_back(at);
    if (value.is_object())
        for (const auto& [key, member] : value.items())
            collect_places(member, {at.pointer / key, at.field + (at.field.empty() ? "" : ".") + key}, wanted, places);
    if (value.is_array())
        for (std::size_t i = 0; i < value.size(); ++i) collect_places(value[i], {at.pointer / i, at.field + "[]"}, wanted, places);
}

// All values below the root that are wanted.
inline std::vector<Place> places_in(const Json& json, const std::function<bool(const Json&)>& wanted) {
    std::vector<Place> places;
    collect_places(json, Place{}, wanted, places);
    std::erase_if(places, [](const Place& place) { return place.field.empty(); });
    return places;
}

}  // namespace kv::testing
