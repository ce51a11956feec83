#include "harness/input_file.h"

#include "harness/sha256.h"
#include "tests/support/temporary_file.h"

#include <gtest/gtest.h>

namespace kv::testing {
namespace {

std::string digest_of(const std::string& text) {
    Sha256 digest;
    digest.add(text);
    return digest.hexadecimal();
}

TEST(Sha256, IsThatOfTheStandardsExamples) {
    EXPECT_EQ(digest_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(digest_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(digest_of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsTheSameHoweverTheBytesCome) {
    const std::string text(200, 'x');
    for (const std::size_t cut : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 128U, 200U}) {
        Sha256 digest;
        digest.add(std::string_view(text).substr(0, cut));
        digest.add(std::string_view(text).substr(cut));
        EXPECT_EQ(digest.hexadecimal(), digest_of(text)) << cut;
    }
}

TEST(InputFiles, AreNamedOnceWithSizeAndDigestWhereTheyArePlainFiles) {
    const TemporaryFile file("abc");
    const std::vector<InputFile> inputs = input_files({file.path(), file.path(), "/", "/no/such/file"});
    ASSERT_EQ(inputs.size(), 3U);
    EXPECT_EQ(inputs[0].bytes, 3);
    EXPECT_EQ(inputs[0].sha256, digest_of("abc"));
    EXPECT_EQ(inputs[1].bytes, std::nullopt);
    EXPECT_EQ(inputs[2].bytes, std::nullopt);
}

}  // namespace
}  // namespace kv::testing
