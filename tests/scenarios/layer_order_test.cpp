#include "scenarios/layer_order.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>

namespace kv {
namespace {

const std::vector<std::string_view> ids{"window", "full", "x"};

// "wwf": the first letter of each layer.
std::string expanded(std::string_view order) {
    const auto read = layers_in_order(order, ids);
    if (const auto* error = std::get_if<OrderError>(&read))
        return std::to_string(error->offset) + '+' + std::to_string(error->length) + ' ' + error->message;
    std::string out;
    for (const std::size_t layer : std::get<std::vector<std::size_t>>(read)) out += ids[layer][0];
    return out;
}

TEST(LayerOrder, IsReadAsASentence) {
    EXPECT_EQ(expanded("window, full"), "wf");
    EXPECT_EQ(expanded("2 x (3 x window, full), 2 x window"), "wwwfwwwfww");
    EXPECT_EQ(expanded("2x(window,full)"), "wfwf");
    EXPECT_EQ(expanded(" ( full ) "), "f");
    EXPECT_EQ(expanded("2 x (2 x (2 x full))"), "ffffffff");
}

TEST(LayerOrder, MayHaveALayerCalledX) { EXPECT_EQ(expanded("2 x x, x"), "xxx"); }

TEST(LayerOrder, PointsAtWhatIsWrong) {
    EXPECT_EQ(expanded("window, ful"), "8+3 no [[model.layer]] has the id `ful`: did you mean `full`?");
    EXPECT_EQ(expanded("window full"), "7+1 expected `,` between two items");
    EXPECT_EQ(expanded("window,"), "6+1 expected the id of a layer, or `(`");
    EXPECT_EQ(expanded(""), "0+1 expected the id of a layer, or `(`");
    EXPECT_EQ(expanded("5 window"), "2+1 expected `x` after the number, as in \"5 x window\"");
    EXPECT_EQ(expanded("0 x full"), "0+1 repeated 0 times: expected at least 1");
    EXPECT_EQ(expanded("2 x (full, window"), "4+1 this `(` is not closed");
    EXPECT_EQ(expanded("2 x (full; window)"), "9+1 expected `,` or `)`");
    EXPECT_EQ(expanded("full)"), "4+1 a `)` that nothing opens");
    EXPECT_EQ(expanded("full, é"), "6+2 expected the id of a layer, or `(`");
}

TEST(LayerOrder, GrowsToSixteenThousandLayersAndNoFurther) {
    EXPECT_EQ(expanded("16384 x full").size(), 16384U);
    EXPECT_EQ(expanded("16385 x full"), "0+5 more than 16384 layers");
    EXPECT_EQ(expanded("128 x (128 x full), full"), "19+5 more than 16384 layers");
    EXPECT_EQ(expanded("99999999999999999999999999 x full"), "0+26 more than 16384 layers");
    EXPECT_EQ(expanded("16384 x (16384 x (16384 x full))"), "9+22 more than 16384 layers");
}

TEST(LayerOrder, IsNestedSixteenDeepAndNoDeeper) {
    EXPECT_EQ(expanded(std::string(16, '(') + "full" + std::string(16, ')')), "f");
    EXPECT_EQ(expanded(std::string(17, '(') + "full" + std::string(17, ')')), "16+1 brackets nested deeper than 16");
    EXPECT_EQ(expanded(std::string(100'000, '(')), "16+1 brackets nested deeper than 16");
}

struct Sentence {
    std::string text;
    std::string layers;
};

// A random sentence beside the layers that it means, both grown by the same draws.
Sentence sentence(int depth) {
    Sentence out;
    const int items = *rc::gen::inRange(1, 4);
    for (int i = 0; i < items; ++i) {
        const int times = *rc::gen::inRange(1, 4);
        const bool bracket = depth > 0 && *rc::gen::arbitrary<bool>();
        const auto id = *rc::gen::inRange<std::size_t>(0, ids.size());
        const Sentence inner = bracket ? sentence(depth - 1) : Sentence{std::string(ids[id]), std::string(1, ids[id][0])};
        const std::string item = bracket ? '(' + inner.text + ')' : inner.text;
        out.text += (i > 0 ? ", " : "") + (times > 1 ? std::to_string(times) + " x " : "") + item;
        for (int t = 0; t < times; ++t) out.layers += inner.layers;
    }
    return out;
}

RC_GTEST_PROP(LayerOrder, MeansWhatItSays, ()) {
    const Sentence said = sentence(3);
    RC_ASSERT(expanded(said.text) == said.layers);
}

RC_GTEST_PROP(LayerOrder, OfAnyTextPointsIntoIt, (const std::string& text)) {
    const auto read = layers_in_order(text, ids);
    if (const auto* error = std::get_if<OrderError>(&read)) RC_ASSERT(error->offset <= text.size());
}

TEST(LayerId, IsAWord) {
    for (const char* id : {"a", "_x", "L0.window-1"}) EXPECT_TRUE(is_layer_id(id)) << id;
    for (const char* id : {"", "1a", "a b", "ä", "a,", "-a"}) EXPECT_FALSE(is_layer_id(id)) << id;
}

}  // namespace
}  // namespace kv
