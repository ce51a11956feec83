#include "reports/plan_words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kv {
namespace {

std::string ranges(const std::vector<int>& numbers, std::size_t most = 100) {
    std::vector<LayerId> layers;
    for (const int number : numbers) layers.push_back(LayerId{number});
    return layer_ranges(layers, most);
}

TEST(LayerRanges, FoldThreeLayersOrMoreThatStepEvenly) {
    EXPECT_EQ(ranges({}), "");
    EXPECT_EQ(ranges({7}), "L7");
    EXPECT_EQ(ranges({0, 1}), "L0, L1");
    EXPECT_EQ(ranges({0, 1, 2}), "L0..L2");
    EXPECT_EQ(ranges({0, 2, 4}), "L0..L4 by 2");
    EXPECT_EQ(ranges({0, 6, 12, 13, 14, 15}), "L0..L12 by 6, L13..L15");
    EXPECT_EQ(ranges({3, 10, 18, 26, 34}), "L3, L10..L34 by 8");
    EXPECT_EQ(ranges({9, 5, 1}), "L9..L1 by -4");
}

TEST(LayerRanges, EndInDotsWhereThereIsNoRoom) {
    EXPECT_EQ(ranges({0, 5, 11, 16}, 8), "L0, L5, ...");
    EXPECT_EQ(ranges({1000, 2001, 5000}, 1), "L1000, ...");
}

TEST(TensorRuns, FoldTensorsThatDifferOnlyInTheirLayers) {
    const std::vector<Tensor> tensors{{Bytes{100}, {LayerId{0}, LayerId{1}}, {}, {}, {}},
                                      {Bytes{100}, {LayerId{2}, LayerId{3}}, {}, {}, {}},
                                      {Bytes{100}, {LayerId{4}}, {}, {}, {}}};
    const std::vector<TensorRun> runs = tensor_runs(tensors);
    ASSERT_EQ(runs.size(), 2U);
    EXPECT_EQ(tensor_words(runs[0]), std::vector<std::string>{"2 x 100 B, each shared by 2 layers"});
    EXPECT_EQ(tensor_words(runs[1]), std::vector<std::string>{"1 x 100 B, each of 1 layer"});
}

TEST(TensorWords, SayHowAStridedTensorLies) {
    const std::vector<Tensor> tensors{{Bytes{4096}, {LayerId{0}, LayerId{1}}, Bytes{2048}, Bytes{64}, Bytes{0}},
                                      {Bytes{4096}, {LayerId{2}, LayerId{3}}, Bytes{2048}, Bytes{64}, Bytes{32}}};
    const std::vector<TensorRun> runs = tensor_runs(tensors);
    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(tensor_words(runs[0]), (std::vector<std::string>{"2 views of 4 KiB (4,096 B), each of 2 layers",
                                                               "  block stride 64, layer stride 2,048, offsets 0 to 32"}));
}

TEST(KindWords, SayWhatBoundsAKind) {
    EXPECT_EQ(kind_words(FullSpec{}), "full");
    EXPECT_EQ(kind_words(SlidingWindowSpec{.window = Tokens{1024}}), "sliding_window 1,024");
    EXPECT_EQ(kind_words(MambaSpec{.mode = MambaMode::align}), "mamba align");
    EXPECT_EQ(kind_words(MlaSpec{.role = CacheRole::indexer}), "mla indexer");
    EXPECT_EQ(kind_words(CustomSpec{.name = "ring\x1b"}), "custom ring\u241b");
}

TEST(ShapeWords, ShowBothHeadsWhereTheyDiffer) {
    EXPECT_EQ(shape_words(FullSpec{.cache = {.kv_heads = 8, .head_size = 64, .head_size_v = 64}}), "8 x 64");
    EXPECT_EQ(shape_words(FullSpec{.cache = {.kv_heads = 8, .head_size = 192, .head_size_v = 128}}), "8 x 192/128");
    EXPECT_EQ(shape_words(MlaSpec{.full = {.cache = {.kv_heads = 1, .head_size = 576, .head_size_v = 0}}}), "1 x 576");
    EXPECT_EQ(shape_words(MambaSpec{.states = {{{3, 8448}, DType::bfloat16}, {{32, 64}, DType::float32}}}), "3x8448, 32x64");
    EXPECT_EQ(dtype_words(MambaSpec{.states = {{{3}, DType::bfloat16}, {{2}, DType::float32}, {{2}, DType::float32}}}),
              "bfloat16, float32");
}

}  // namespace
}  // namespace kv
