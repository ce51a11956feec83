// What is wrong in a scenario file is pointed at, and the message says what to write instead.
#include "tests/scenarios/model_text.h"

#include <gtest/gtest.h>

namespace kv::testing {
namespace {

TEST(ModelError, OfABareNumberSaysTheUnit) {
    EXPECT_EQ(layer_errors("id = \"f\"\nkind = \"full\"\nkv_heads = 8\nhead_size = 64\nblock = 272"),
              "8:9+3 `block` needs a unit: write \"272 tokens\"");
    EXPECT_EQ(errors_with("[scheduler]\nbatched_max = 8192"), "11:15+4 `batched_max` needs a unit: write \"8192 tokens\"");
}

TEST(ModelError, OfMemoryInABareNumberGuessesItsUnit) {
    EXPECT_EQ(
        errors_of("format = 1\nmodel = { layer = [{ id = \"a\", kind = \"full\", kv_heads = 1, head_size = 8 }] }\n[machine]\nmemory = 40"),
        "4:10+2 `memory` needs a unit: write \"40 GiB\"");
    EXPECT_EQ(errors_of("format = 1\nmodel = { layer = [{ id = \"a\", kind = \"full\", kv_heads = 1, head_size = 8 }] }\n[machine]\nmemory "
                        "= 42949672960"),
              "4:10+11 `memory` needs a unit: write \"42949672960 B\"");
}

TEST(ModelError, OfAnUnknownKeySuggestsTheNearest) {
    EXPECT_EQ(errors_with("[scheduler]\nbatchd_max = \"1 token\""),
              "11:1+10 unknown key `batchd_max` in [scheduler]: did you mean `batched_max`?");
    EXPECT_EQ(errors_with("[parallel]\nexperts = 2"),
              "11:1+7 unknown key `experts` in [parallel]: expected one of tp, pp, dcp, pcp, stages, dp, ep, layout, interleave, "
              "expert_chunk, micro_batches");
    EXPECT_EQ(errors_with("[modl]\nname = \"x\""), "10:2+4 unknown key `modl` in the head of the file: did you mean `model`?");
}

TEST(ModelError, OfAKeyOfAnotherKindNamesTheKindsThatItFits) {
    EXPECT_EQ(layer_errors("id = \"f\"\nkind = \"full\"\nkv_heads = 8\nhead_size = 64\nrswa_window = \"1 token\""),
              "8:1+11 `rswa_window` does not fit the kind `full`: it is a key of rswa");
    EXPECT_EQ(layer_errors("id = \"s\"\nkind = \"mamba\"\nstates = [{ shape = [2] }]\nextra_retained = \"1 token\""),
              "7:1+14 `extra_retained` does not fit the kind `mamba`: it is a key of sliding_window, sliding_window_mla");
}

TEST(ModelError, OfAMissingKeyPointsAtItsTable) {
    EXPECT_EQ(layer_errors("id = \"w\"\nkind = \"sliding_window\"\nkv_heads = 8\nhead_size = 64"),
              "3:1+15 [[model.layer]] has no `window`: expected tokens that attention looks back, the current one counted");
    EXPECT_EQ(layer_errors("id = \"w\"\nkv_heads = 8"), "3:1+15 [[model.layer]] has no `kind`: expected what the layer stores");
    EXPECT_EQ(errors_of("format = 1\n[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\n"),
              "1:1+10 the head of the file has no `machine`: expected memory for the cache");
    EXPECT_EQ(errors_of("[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\n[machine]\nmemory = \"1 B\""),
              "1:1+7 the head of the file has no `format`: expected version of this format");
}

TEST(ModelError, OfAnUnknownKindSuggestsOne) {
    EXPECT_EQ(layer_errors("id = \"w\"\nkind = \"sliding-windw\""), "5:8+15 `kind` is \"sliding-windw\": did you mean \"sliding_window\"?");
    EXPECT_EQ(layer_errors("id = \"w\"\nkind = 7"), "5:8+1 `kind` is an integer: expected a name in quotes");
}

TEST(ModelError, OfAWrongTypeSaysWhatWasExpected) {
    EXPECT_EQ(layer_errors("id = 7\nkind = \"full\"\nkv_heads = \"8\"\nhead_size = 64.0"),
              "4:6+1 `id` is an integer: expected a string\n"
              "6:12+3 `kv_heads` is a string: expected an integer, without quotes\n"
              "7:13+4 `head_size` is a number with a point: expected an integer, without quotes");
    EXPECT_EQ(errors_with("[cache]\nprefix_caching = \"yes\""),
              "11:18+5 `prefix_caching` is a string: expected true or false, without quotes");
    EXPECT_EQ(errors_with("[scheduler]\ndraft = \"mtp\""), "11:9+5 `draft` is a string: expected a table");
    EXPECT_EQ(errors_with("cache = 1\n"), "10:1+5 unknown key `cache` in [machine]: expected one of memory, blocks, host");
    EXPECT_EQ(errors_of("format = 1\n[model]\n[model.layer]\nid = \"a\"\n[machine]\nmemory = \"1 B\""),
              "3:1+13 `layer` is a table: expected [[model.layer]] with two brackets");
}

TEST(ModelError, OfANumberOutOfRangeSaysTheRange) {
    EXPECT_EQ(layer_errors("id = \"f\"\nkind = \"full\"\nkv_heads = 0\nhead_size = 1048577"),
              "6:12+1 `kv_heads` is 0: expected 1 to 1048576\n7:13+7 `head_size` is 1048577: expected 1 to 1048576");
    EXPECT_EQ(errors_with("[parallel]\npp = 4097"), "11:6+4 `pp` is 4097: expected 1 to 4096");
    EXPECT_EQ(errors_with("[scheduler]\nmodel_len_max = \"0 tokens\""),
              "11:17+10 `model_len_max` is 0 tokens: expected 1 tokens to 1099511627776 tokens");
    EXPECT_EQ(errors_of("format = 2\n" + std::string(small_model).substr(11)), "1:10+1 `format` is 2: expected 1 to 1");
}

TEST(ModelError, OfAFittedLengthAsksForItsLimit) {
    EXPECT_EQ(errors_with("[scheduler]\nmodel_len_max = \"fit\""),
              "11:17+5 `model_len_max` needs an upper limit: write \"fit up to 131072 tokens\"");
    EXPECT_EQ(errors_with("[scheduler]\nmodel_len_max = \"fit up to 8\""), "11:17+13 `model_len_max` needs a unit: write \"8 tokens\"");
}

TEST(ModelError, OfTheOrderPointsIntoTheSentence) {
    const std::string text =
        "format = 1\n[model]\norder = \"3 x (full, ful)\"\n[[model.layer]]\nid = \"full\"\nkind = \"full\"\nkv_heads = 1\nhead_size = "
        "8\n[machine]\nmemory = \"1 GiB\"\n";
    EXPECT_EQ(errors_of(text), "3:21+3 no [[model.layer]] has the id `ful`: did you mean `full`?");
}

TEST(ModelError, OfALayerThatTheOrderForgets) {
    const std::string second = "[[model.layer]]\nid = \"b\"\nkind = \"full\"\nkv_heads = 2\nhead_size = 8\n";
    const std::string text =
        "format = 1\n[model]\norder = \"2 x a\"\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\nlayers = 2\n" +
        second + "[machine]\nmemory = \"1 GiB\"\n";
    EXPECT_EQ(
        errors_of(text),
        "4:1+15 `layers` stands beside `order`: how often a layer comes, the order says\n10:1+15 the layer `b` does not come in `order`");
}

TEST(ModelError, OfIdsThatAreNotDifferentWords) {
    EXPECT_EQ(layer_errors("id = \"a b\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8"),
              "4:6+5 `id` is \"a b\": expected a letter or _, then letters, digits, _ - .");
    EXPECT_EQ(layer_errors("id = \"a\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\n[[model.layer]]\nid = \"a\"\nkind = "
                           "\"full\"\nkv_heads = 1\nhead_size = 8"),
              "8:1+15 a second layer with the id `a`: ids differ from each other");
}

TEST(ModelError, OfStagesAndMemoryCounts) {
    EXPECT_EQ(errors_with("[parallel]\npp = 2\nstages = [1]"), "12:10+3 `stages` names 1 stages: expected pp = 2");
    EXPECT_EQ(errors_with("[parallel]\npp = 2\nstages = [1, 1]"), "12:10+6 `stages` sums to 2 layers: the model has 1");
    EXPECT_EQ(errors_of(std::string(small_model).replace(small_model.find("\"1 GiB\""), 7, "[\"1 GiB\", \"2 GiB\"]")),
              "9:10+18 `memory` has 2 sizes: expected one, or one for each of the 1 pipeline stages");
}

TEST(ModelError, OfTheEnginePointsAtTheWord) {
    EXPECT_TRUE(errors_with("[engine]\nname = \"vllm-0.18.0+pr-1\"").starts_with("11:21+4 there is no patch `pr-1`"));
    EXPECT_TRUE(errors_with("[engine]\nname = \"vllm-9\"").starts_with("11:9+6 there is no engine `vllm-9`"));
    EXPECT_TRUE(errors_with("[engine]\nname = \"vllm-0.18.0\"\npatches = [\"pr-1\"]").starts_with("12:11+8 there is no patch `pr-1`"));
    EXPECT_TRUE(errors_with("[engine]\nname = \"vllm-0.18.0\"\nrules = { side-buffer = \"x\" }")
                    .starts_with("12:9+21 `side-buffer` has no rule `x`"));
}

TEST(ModelError, OfAPackedFormThatDoesNotFit) {
    EXPECT_EQ(layer_errors("id = \"l\"\nkind = \"mla\"\nhead_size = 100\ncache = \"fp8_ds_mla\""),
              "7:9+12 `cache` is known for a head_size of 576 (656 bytes a token) and of 512 (584): for others give `dtype`, `quant` and "
              "`state_bytes`");
    EXPECT_EQ(layer_errors("id = \"l\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\ncache = \"nvfp4\""),
              "8:9+7 `cache` scales groups of 16 elements: expected a multiple of 16, not head_size = 8");
    EXPECT_EQ(layer_errors("id = \"l\"\nkind = \"full\"\nkv_heads = 1\nhead_size = 8\ndtype = \"bfloat16\"\ncache = \"fp8\""),
              "8:9+10 `dtype` is what `cache` decides, here \"uint8\": leave it out, or say `quant` and `state_bytes` in place of `cache`");
}

TEST(ModelError, OfSizesThatOverflowNamesTheNumbers) {
    const std::string wrong = layer_errors(
        "id = \"l\"\nkind = \"mla\"\nhead_size = 1048576\nkv_heads = 1048576\nblock = \"1099511627776 tokens\"\nalignment = \"576 bytes\"");
    EXPECT_TRUE(wrong.starts_with("3:1+15 the sizes of this layer are too large: ")) << wrong;
    EXPECT_TRUE(wrong.ends_with("does not fit 64 bits")) << wrong;
}

TEST(ModelError, AreAllToldAtOnce) {
    EXPECT_EQ(errors_of("format = 1\nvelocity = 1\n[model]\n[[model.layer]]\nid = \"a\"\nkind = \"full\"\nblock = 16\n[machine]\nmemory = "
                        "1\n[cache]\nlayot = \"X\"\n"),
              "2:1+8 unknown key `velocity` in the head of the file: expected one of format, model, engine, machine, parallel, scheduler, "
              "cache, title, seed, affects, bugs, capture, request, workload, reset, expect\n"
              "4:1+15 [[model.layer]] has no `kv_heads`: expected heads of keys and values that one rank holds\n"
              "4:1+15 [[model.layer]] has no `head_size`: expected elements of a key, or of a latent vector\n"
              "7:9+2 `block` needs a unit: write \"16 tokens\"\n"
              "9:10+1 `memory` needs a unit: write \"1 GiB\"\n"
              "11:1+5 unknown key `layot` in [cache]: did you mean `layout`?");
}

TEST(ModelError, OfAModelWithoutLayers) {
    EXPECT_EQ(errors_of("format = 1\n[model]\nlayer = []\n[machine]\nmemory = \"1 B\""),
              "2:1+7 the model has no layer: expected a [[model.layer]], a [[model.group]] or `config`");
    EXPECT_EQ(errors_of("format = 1\n[model]\n[machine]\nmemory = \"1 B\""),
              "2:1+7 the model has no layer: expected a [[model.layer]], a [[model.group]] or `config`");
}

}  // namespace
}  // namespace kv::testing
