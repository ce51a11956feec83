// Speculative decoding without a model of its own beside the served one: which methods there are, and what a drafter must be.
#include "model/serving/layer_specs.h"

#include <algorithm>
#include <array>

namespace kv {
namespace {

[[noreturn]] void refuse_drafts(Raised type, std::string message, std::vector<std::int64_t> figures = {}) {
    refuse({.type = type, .raised_in = "SpeculativeConfig", .message = std::move(message), .figures = std::move(figures)});
}

constexpr std::array<std::string_view, 2> lookups{"ngram", "ngram_gpu"};  // Drafts out of the prompt.
constexpr std::array<std::string_view, 7> needing_a_model{"eagle",       "eagle3", "medusa",      "mlp_speculator",
                                                          "draft_model", "dflash", "custom_class"};
// Names of drafters that models ship; all of them mean "mtp".
constexpr std::array<std::string_view, 14> shipped_with_both{"mtp",
                                                             "deepseek_mtp",
                                                             "mimo_mtp",
                                                             "glm4_moe_mtp",
                                                             "glm4_moe_lite_mtp",
                                                             "glm_ocr_mtp",
                                                             "ernie_mtp",
                                                             "nemotron_h_mtp",
                                                             "exaone_moe_mtp",
                                                             "qwen3_next_mtp",
                                                             "qwen3_5_mtp",
                                                             "longcat_flash_mtp",
                                                             "pangu_ultra_moe_mtp",
                                                             "step3p5_mtp"};
constexpr std::array<std::string_view, 13> shipped_with_0_32{
    "dots3_note_mtp", "mimo_v2_mtp", "exaone4_5_mtp", "qwen4_exp_mtp", "bailing_hybrid_v3_mtp", "minimax_m3_mtp", "bailing_hybrid_mtp",
    "kimi_k3_mtp",    "hy_v3_mtp",   "hy_v4_mtp",     "gemma4_mtp",    "inkling_mtp",           "glm5_next_mtp"};

bool lists(std::span<const std::string_view> list, std::string_view name) { return std::ranges::find(list, name) != list.end(); }

// Mirrors SpeculativeConfig.__post_init__ for a drafter that the model ships.
void check_shipped(const Serving& serving, const Drafting& drafting) {
    const auto& drafter = serving.model.drafter;
    if (!drafter) refuse_drafts(Raised::not_implemented_error, "the engine has no drafter for this model");
    if (drafter->predicts == 0) refuse_drafts(Raised::zero_division_error, "the drafter has no layers");
    if (drafter->predicts && drafting.tokens > *drafter->predicts && drafting.tokens % *drafter->predicts != 0)
        refuse_drafts(Raised::value_error, "a drafter runs a whole number of times for the tokens of a step",
                      {drafting.tokens, *drafter->predicts});
    // 0.18.0 would cut the drafter as it cuts the model.
    const bool is_0_18 = serving.engine.model_classes.choice == ModelClasses::vllm_0_18;
    const bool cut = is_0_18 && serving.settings.parallel.pipeline > 1;
    if (cut && !drafter->pipeline) refuse_drafts(Raised::not_implemented_error, "this model's drafter cannot be cut into stages");
    if (drafter->raises) refuse_drafts(*drafter->raises, "the config does not say how many layers the drafter has");
}

}  // namespace

void resolve_drafting(Serving& serving) {
    Drafting& drafting = serving.settings.drafting;
    if (!drafting.method) return;
    if (drafting.tokens < 1) refuse_drafts(Raised::value_error, "drafts have at least one token", {drafting.tokens});
    const bool is_0_18 = serving.engine.model_classes.choice == ModelClasses::vllm_0_18;
    if (lists(shipped_with_both, *drafting.method) || (!is_0_18 && lists(shipped_with_0_32, *drafting.method))) {
        drafting.method = "mtp";
        check_shipped(serving, drafting);
        drafting.modules = serving.model.drafter->modules;
        return;
    }
    if (lists(lookups, *drafting.method)) return;
    if (drafting.method == "suffix")
        refuse_drafts(Raised::import_error, "drafts by suffixes need a package that the engine does not bring");
    if (lists(needing_a_model, *drafting.method)) refuse_drafts(Raised::value_error, "this method drafts with a model, and none is given");
    refuse_drafts(Raised::value_error, "there is no such way to draft");
}

}  // namespace kv
