// The store of row objects beside the real one: recorded steps are taken again, and every row that is sent is compared.
#include "model/capture/object_rows.h"
#include "tests/support/recorded.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kv::testing {
namespace {

using Integers = std::vector<std::int64_t>;

// Takes the steps of one case; what is sent is told as the recording tells it.
class Replay {
public:
    Replay(const Engine& engine, const Json& recorded)
        : setup_{.rows = recorded["objects"].get<std::int64_t>() * recorded["block"].get<std::int64_t>(),
                 .object_rows = recorded["block"],
                 .requests_max = recorded["requests"],
                 .running_max = recorded["requests"],
                 .batched_max = recorded["batched"],
                 .steps_in_flight_max = recorded["in_flight"]},
          format_(engine, setup_.model),
          rows_(engine, setup_, format_),
          keys_(static_cast<std::size_t>(setup_.requests_max)) {}

    Json make(const Json& operation) {
        const std::string what = operation[0];
        if (what == "reset") rows_.reset();
        else if (what == "settle") return settled();
        else if (what == "begin") begin(operation[1]);
        else if (what == "save") save(operation[1], operation[2].get<Integers>());
        else if (what == "leave") rows_.leave(operation[1], RowsInFlight::dropped);
        else if (what == "known") known(operation[1], operation[2], operation[3].get<Integers>());
        else arrive(operation);
        return Json::array();
    }

private:
    void arrive(const Json& operation) {
        rows_.arrive(operation[1], {.prompt = operation[2], .asked_first = operation[3]});
        keys_[operation[1].get<std::size_t>()].clear();
    }

    void known(std::int64_t request, std::int64_t tokens, const Integers& added) {
        std::vector<PrefixKey>& keys = keys_[static_cast<std::size_t>(request)];
        for (const std::int64_t number : added) keys.push_back({.low = static_cast<std::uint64_t>(number), .high = 7});
        rows_.known(request, tokens, keys);
    }

    void begin(const Json& requests) {
        std::vector<StepRequest> parts;
        for (const std::int64_t request : requests.get<Integers>()) parts.push_back({.request = request});
        rows_.begin(parts);
    }

    void save(const Json& recorded, const Integers& values) {
        std::vector<StepRequest> parts;
        for (const Json& part : recorded)
            parts.push_back({.request = part[0], .first = part[1], .tokens = part[2], .rejected = part[3], .sampled = part[4] == 1});
        std::vector<RowTag> rows;
        for (const std::int64_t value : values) rows.push_back(RowTag{static_cast<std::uint64_t>(value)});
        rows_.save({.requests = parts, .slots = Integers(rows.size()), .rows = rows});
    }

    Json settled() {
        rows_.settle();
        Json sent = Json::array();
        for (const SentRows& each : rows_.last_sent()) {
            Json values = Json::array();
            for (const RowTag tag : each.rows) values.push_back(static_cast<std::int64_t>(tag));
            sent.push_back({each.request, each.first, values});
        }
        return sorted(std::move(sent));
    }

public:
    static Json sorted(Json sent) {
        std::sort(sent.begin(), sent.end());
        return sent;
    }

private:
    RowSetup setup_;
    RowFormat format_;
    ObjectRows rows_;
    std::vector<std::vector<PrefixKey>> keys_;
};

// Where a case goes otherwise than recorded; empty: nowhere.
std::string difference(const Engine& engine, const Json& recorded) {
    Replay replay(engine, recorded);
    const Json& operations = recorded["ops"];
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const bool raises = i + 1 == operations.size() && !recorded["raised"].is_null();
        std::string raised;
        Json sent;
        try {
            sent = replay.make(operations[i]);
        } catch (const RefusedByEngine& refused) {
            raised = refused.refusal.type == Raised::assertion_error ? "AssertionError" : "BlockObjectStoreError";
        }
        const std::string expected = raises ? recorded["raised"].get<std::string>() : "";
        if (raised != expected) return "operation " + std::to_string(i) + " raises '" + raised + "', recorded '" + expected + "'";
        if (raises || operations[i][0] != "settle") continue;
        const Json wanted = Replay::sorted(operations[i][1]);
        if (sent != wanted) return "operation " + std::to_string(i) + " sends " + sent.dump() + ", recorded " + wanted.dump();
    }
    return "";
}

TEST(ObjectRows, SendWhatTheRealConnectorSentAndRaiseWhereItRaised) {
    const Engine engine = std::get<Engine>(engine_spelled("vllm-0.32.0"));
    std::map<std::string, int> raised;
    std::size_t sent = 0;
    for (const std::string& line : lines_of(std::string(KV_SOURCE_DIR) + "/tests/harness/object_rows/aux-vllm-0.32.0.jsonl.gz")) {
        const Json recorded = Json::parse(line);
        EXPECT_EQ(difference(engine, recorded), "") << recorded["id"];
        ++raised[recorded["raised"].is_null() ? "" : recorded["raised"].get<std::string>()];
        for (const Json& operation : recorded["ops"])
            if (operation[0] == "settle" && operation.size() > 1) sent += operation[1].size();
    }
    EXPECT_GT(raised[""], 100);
    EXPECT_GT(raised["BlockObjectStoreError"], 50);
    EXPECT_GT(sent, 3000U);
}

TEST(ObjectRows, AreToldApartByEachRecordedRow) {
    const Engine engine = std::get<Engine>(engine_spelled("vllm-0.32.0"));
    int changed_count = 0;
    for (const std::string& line : lines_of(std::string(KV_SOURCE_DIR) + "/tests/harness/object_rows/aux-vllm-0.32.0.jsonl.gz")) {
        Json recorded = Json::parse(line);
        for (Json& operation : recorded["ops"]) {
            if (operation[0] != "settle" || operation.size() < 2 || operation[1].empty() || operation[1][0][2].empty()) continue;
            Json& value = operation[1][0][2][0];
            value = value.get<std::int64_t>() + 1;
            EXPECT_NE(difference(engine, recorded), "") << recorded["id"];
            ++changed_count;
            break;
        }
        if (changed_count == 40) return;
    }
    ADD_FAILURE() << "only " << changed_count << " cases send rows";
}

}  // namespace
}  // namespace kv::testing
