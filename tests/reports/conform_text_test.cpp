#include "reports/conform_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kv {
namespace {

const ConformFile agreeing{.file = "old.jsonl", .agree = 400, .differ = 0, .not_known = 0, .fields = {}, .diagnostics = {}};
const ConformFile differing{.file = "new.jsonl.gz",
                            .agree = 1,
                            .differ = 2,
                            .not_known = 3,
                            .fields = {{.first = {"groups[].layers", "groups[1].layers", "a b (2 in all)", "b a (2 in all)"},
                                        .first_file = "new.jsonl.gz",
                                        .first_id = "case-1",
                                        .first_line = 7,
                                        .cases = 2}},
                            .diagnostics = {{.where = {.file = "new.jsonl.gz", .line = 9, .column = 4}, .message = "expected a value"}}};

TEST(ConformText, OfOneFileIsOneLineOfCounts) { EXPECT_EQ(conform_text({agreeing}), "old.jsonl: 400 agree, 0 differ, 0 not known\n"); }

TEST(ConformText, OfSeveralFilesEndsTheCountsWithTheirTotal) {
    EXPECT_EQ(conform_text({agreeing, differing}),
              "old.jsonl: 400 agree, 0 differ, 0 not known\n"
              "new.jsonl.gz: 1 agree, 2 differ, 3 not known\n"
              "total: 401 agree, 2 differ, 3 not known\n"
              "\n"
              "groups[].layers differs in 2 cases, first in new.jsonl.gz:7 (case-1), at groups[1].layers\n"
              "    recorded a b (2 in all)\n"
              "    ours     b a (2 in all)\n");
}

TEST(ConformText, NeverHoldsAControlCharacterOfTheInput) {
    ConformFile file = differing;
    file.file = "a\x1b[31m";
    file.fields[0].first_id = "id\r\n";
    file.fields[0].first.recorded = std::string(1000, '\x07');
    file.fields[0].first_file = file.file;
    for (const char c : conform_text({file})) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
    EXPECT_LT(conform_text({file}).size(), 1500U);
}

TEST(ConformJson, HoldsCountsDifferencesAndDiagnostics) {
    const auto json = nlohmann::json::parse(conform_json({agreeing, differing}));
    EXPECT_EQ(json["format"], 1);
    EXPECT_EQ(json["files"].size(), 2U);
    EXPECT_EQ(json["files"][1]["file"], "new.jsonl.gz");
    EXPECT_EQ(json["total"], nlohmann::json({{"agree", 401}, {"differ", 2}, {"not_known", 3}}));
    EXPECT_EQ(json["fields"][0]["cases"], 2);
    EXPECT_EQ(json["fields"][0]["first"]["line"], 7);
    EXPECT_EQ(json["fields"][0]["first"]["recorded"], "a b (2 in all)");
    EXPECT_EQ(json["diagnostics"][0]["column"], 4);
}

TEST(ConformJson, OfAFileWhoseNameIsNotUtf8IsJsonAllTheSame) {
    ConformFile file = agreeing;
    file.file = "\xff.jsonl";
    EXPECT_TRUE(nlohmann::json::accept(conform_json({file})));
}

}  // namespace
}  // namespace kv
