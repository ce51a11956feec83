#include "reports/text_table.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

TEST(TextTable, AlignsItsColumnsAndLeavesNoBlanksAtTheEnd) {
    TextTable table({{"kind"}, {"blocks", Align::right}, {"layers"}});
    table.add({"full", "8,192", "L0"});
    table.add({"sliding_window", "1", ""});
    EXPECT_EQ(table.text("  ", Color::off),
              "  kind            blocks  layers\n"
              "  full             8,192  L0\n"
              "  sliding_window       1\n");
}

TEST(TextTable, CountsCellsOfATerminalNotBytes) {
    TextTable table({{"id"}, {"n"}});
    table.add({"日本", "1"});
    table.add({"é", "2"});
    EXPECT_EQ(table.text("", Color::off), "id    n\n日本  1\né     2\n");
}

TEST(Ink, IsOnlyThereWhereItIsWanted) {
    EXPECT_EQ(bold("Pool", Color::off), "Pool");
    EXPECT_EQ(bold("Pool", Color::on), "\x1b[1mPool\x1b[0m");
    EXPECT_EQ(red("", Color::on), "");
}

TEST(KeyLine, HasKeysOfOneWidth) {
    EXPECT_EQ(key_line("blocks", "9"), "  blocks              9\n");
    EXPECT_EQ(key_line("a key that is much too long", "9"), "  a key that is much too long 9\n");
}

}  // namespace
}  // namespace kv
