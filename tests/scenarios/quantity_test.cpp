#include "scenarios/quantity.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>

namespace kv {
namespace {

std::int64_t bytes(std::string_view text) {
    const auto read = bytes_spelled(text);
    const auto* error = std::get_if<QuantityError>(&read);
    EXPECT_EQ(error, nullptr) << error->message;
    return error == nullptr ? std::get<Bytes>(read).value : -1;
}

std::string bytes_error(std::string_view text) {
    const auto read = bytes_spelled(text);
    const auto* error = std::get_if<QuantityError>(&read);
    return error == nullptr ? "is " + std::to_string(std::get<Bytes>(read).value) : error->message;
}

std::string tokens_error(std::string_view text) {
    const auto read = tokens_spelled(text);
    const auto* error = std::get_if<QuantityError>(&read);
    return error == nullptr ? "is " + std::to_string(std::get<Tokens>(read).value) : error->message;
}

TEST(Bytes, AreReadInEveryUnit) {
    EXPECT_EQ(bytes("7 B"), 7);
    EXPECT_EQ(bytes("656 bytes"), 656);
    EXPECT_EQ(bytes("1 byte"), 1);
    EXPECT_EQ(bytes("64 KiB"), 65536);
    EXPECT_EQ(bytes("3 MiB"), 3145728);
    EXPECT_EQ(bytes("40 GiB"), 42949672960);
    EXPECT_EQ(bytes("1 TiB"), 1099511627776);
    EXPECT_EQ(bytes("64 KB"), 64000);
    EXPECT_EQ(bytes("80 GB"), 80000000000);
    EXPECT_EQ(bytes("2 TB"), 2000000000000);
    EXPECT_EQ(bytes("16GiB"), bytes("16   GiB"));
}

TEST(Bytes, OfADecimalAreRoundedDownExactly) {
    EXPECT_EQ(bytes("3.18 GiB"), 3414499000);  // 3,414,499,000.32
    EXPECT_EQ(bytes("0.5 KiB"), 512);
    EXPECT_EQ(bytes("0.3 KB"), 300);
    EXPECT_EQ(bytes("1.0 B"), 1);
    EXPECT_EQ(bytes("0.000000001 GiB"), 1);
}

TEST(Bytes, ThatDoNotFitSaySo) {
    EXPECT_EQ(bytes("8388607 TiB"), 8388607LL << 40);
    EXPECT_EQ(bytes_error("8388608 TiB"), "does not fit 64 bits: \"8388608 TiB\"");  // 2^63.
    EXPECT_EQ(bytes_error("9223372036854775807 B"), "has more than 18 digits");
}

TEST(Bytes, ThatAreWrongSayWhatToWrite) {
    EXPECT_EQ(bytes_error("16"), "needs a unit: write \"16 GiB\" or \"16 B\"");
    EXPECT_EQ(bytes_error("16 GiBs"), "has the unit \"GiBs\": write \"16 GiB\"");
    EXPECT_EQ(bytes_error("16 gib"), "has the unit \"gib\": write \"16 GiB\"");
    EXPECT_EQ(bytes_error("16 tokens"), "has the unit \"tokens\": expected B, KiB, MiB, GiB, TiB, KB, MB, GB or TB");
    EXPECT_EQ(bytes_error("GiB"), "does not start with a number: write it like \"16 GiB\"");
    EXPECT_EQ(bytes_error(""), "does not start with a number: write it like \"16 GiB\"");
    EXPECT_EQ(bytes_error("1.2.3 GiB"), "does not start with a number: write it like \"16 GiB\"");
    EXPECT_EQ(bytes_error("1. GiB"), "does not start with a number: write it like \"16 GiB\"");
    EXPECT_EQ(bytes_error("-1 GiB"), "is negative: expected a size");
    EXPECT_EQ(bytes_error(" 1 GiB"), "has blanks around it: remove them");
    EXPECT_EQ(bytes_error("1 GiB "), "has blanks around it: remove them");
    EXPECT_EQ(bytes_error("1,024 B"), "has a `,` in its number: write the digits together, as in \"131072 tokens\"");
    EXPECT_EQ(bytes_error("1.5 B"), "is a part of a byte: write a whole number");
}

TEST(Tokens, AreWholeNumbersWithTheirUnit) {
    EXPECT_EQ(std::get<Tokens>(tokens_spelled("4096 tokens")), Tokens{4096});
    EXPECT_EQ(std::get<Tokens>(tokens_spelled("1 token")), Tokens{1});
    EXPECT_EQ(std::get<Tokens>(tokens_spelled("0 tokens")), Tokens{0});
}

TEST(Tokens, ThatAreWrongSayWhatToWrite) {
    EXPECT_EQ(tokens_error("272"), "needs a unit: write \"272 tokens\"");
    EXPECT_EQ(tokens_error("16 KiB"), "is counted in tokens, not in \"KiB\": write \"16 tokens\"");
    EXPECT_EQ(tokens_error("1e6 tokens"), "is counted in tokens, not in \"e6 tokens\": write \"1 tokens\"");
    EXPECT_EQ(tokens_error("1.5 tokens"), "is a part of a token: write a whole number");
    EXPECT_EQ(tokens_error("131_072 tokens"), "has a `_` in its number: write the digits together, as in \"131072 tokens\"");
}

RC_GTEST_PROP(Bytes, AreReadAsTheyAreSpelled, ()) {
    const Bytes size{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000'000)};
    RC_ASSERT(std::get<Bytes>(bytes_spelled(spelled(size))) == size);
}

RC_GTEST_PROP(Tokens, AreReadAsTheyAreSpelled, ()) {
    const Tokens length{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000'000)};
    RC_ASSERT(std::get<Tokens>(tokens_spelled(spelled(length))) == length);
}

RC_GTEST_PROP(Bytes, OfAnyTextAreASizeOrAnError, (const std::string& text)) {
    const auto read = bytes_spelled(text);
    const auto* size = std::get_if<Bytes>(&read);
    if (size != nullptr) RC_ASSERT(size->value >= 0);
}

}  // namespace
}  // namespace kv
