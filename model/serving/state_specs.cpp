// What a rank keeps of one position: the shapes of its states, in the order in which the engine names them.
#include "model/serving/layer_specs.h"

#include <string>

namespace kv {
namespace {

std::int64_t share(std::int64_t whole, std::int64_t ranks) {
    if (whole % ranks != 0)
        refuse({.type = Raised::assertion_error,
                .raised_in = "divide",
                .message = "a dimension of a state does not divide evenly over the tensor parallel ranks",
                .figures = {whole, ranks}});
    return whole / ranks;
}

void require_even(bool even, std::string_view what) {
    if (!even)
        refuse({.type = Raised::assertion_error,
                .raised_in = "state layer",
                .message = std::string(what) + " do not divide evenly over the tensor parallel ranks"});
}

// Where ranks do not share the groups evenly, each gets one of its own.
std::int64_t groups_on_ranks(std::int64_t groups, std::int64_t ranks) { return groups % ranks == 0 ? groups : ranks; }

struct StateMaker {
    const Serving& serving;
    std::int64_t ranks = serving.tensor();
    std::int64_t drafts = serving.settings.drafting.method ? serving.settings.drafting.tokens : 0;
    DType conv = serving.arguments.conv_dtype.value_or(serving.resolved.dtype);
    DType temporal = serving.resolved.state_dtype.value_or(conv);

    MambaState convolution(std::int64_t inputs, std::int64_t width) const { return {.shape = {inputs, width}, .dtype = conv}; }

    std::vector<MambaState> operator()(const Mamba1Shape& shape) const {
        const std::int64_t inner = share(shape.inner, ranks);
        return {convolution(shape.kernel - 1, inner), {.shape = {inner, shape.state}, .dtype = temporal}};
    }
    std::vector<MambaState> operator()(const Mamba2Shape& shape) const {
        const std::int64_t groups = groups_on_ranks(shape.groups, ranks);
        const std::int64_t width = checked_add(shape.inner, checked_mul(2, checked_mul(groups, shape.state)));
        const std::int64_t inputs = shape.kernel - 1 + (shape.counts_drafts ? drafts : 0);
        const MambaState conv_state = convolution(inputs, share(width, ranks));
        return {conv_state, {.shape = {share(shape.heads, ranks), shape.head_size, shape.state}, .dtype = temporal}};
    }
    std::vector<MambaState> operator()(const DeltaNetShape& shape) const {
        const std::int64_t keys = checked_mul(shape.key_size, shape.key_heads), values = checked_mul(shape.value_size, shape.value_heads);
        const std::int64_t width = share(checked_add(checked_mul(2, keys), values), ranks);
        return {convolution(shape.kernel - 1 + drafts, width),
                {.shape = {share(shape.value_heads, ranks), shape.value_size, shape.key_size}, .dtype = temporal}};
    }
    std::vector<MambaState> operator()(const LinearAttentionShape& shape) const {
        if (!serving.described() && serving.arguments.conv_dtype == DType::float32)
            refuse({.type = Raised::value_error,
                    .raised_in = "linear_attention_state_dtype",
                    .message = "states of linear attention are not kept in 32 bits"});
        return {{.shape = {shape.heads / ranks, shape.head_size, shape.head_size}, .dtype = conv}};
    }
    std::vector<MambaState> operator()(const KimiDeltaShape& shape) const {
        const std::int64_t projection = checked_mul(shape.heads, shape.head_size);
        if (!serving.described()) {
            const MambaState one = convolution(shape.kernel - 1, share(projection, ranks));
            return {one, one, one, {.shape = {share(shape.heads, ranks), shape.head_size, shape.head_size}, .dtype = DType::float32}};
        }
        const MambaState conv_state = convolution(shape.kernel - 1 + drafts, share(checked_mul(3, projection), ranks));
        return {conv_state, {.shape = {share(shape.heads, ranks), shape.head_size, shape.head_size}, .dtype = recurrent(shape)}};
    }
    std::vector<MambaState> operator()(const ShortConvShape& shape) const {
        return {convolution(shape.kernel - 1 + (shape.counts_drafts ? drafts : 0), share(shape.width, ranks))};
    }

    // A layer whose gate is of low rank never asks what was asked for.
    DType recurrent(const KimiDeltaShape& shape) const {
        if (!shape.full_rank_gate || !serving.resolved.state_dtype) return DType::float32;
        if (temporal == DType::float32 || temporal == DType::bfloat16) return temporal;
        refuse({.type = Raised::value_error,
                .raised_in = "kda_state_dtype",
                .message = "the recurrent state of a Kimi delta attention is float32 or bfloat16"});
    }
};

struct ShareCheck {
    std::int64_t ranks;

    void operator()(const Mamba1Shape& shape) const { share(shape.inner, ranks); }
    void operator()(const Mamba2Shape& shape) const {
        require_even(shape.heads % ranks == 0, "the heads of a Mamba layer");
        require_even(shape.groups % ranks == 0 || shape.groups == 1, "the groups of a Mamba layer, of which there are several,");
        share(shape.inner, ranks);
    }
    void operator()(const DeltaNetShape& shape) const {
        share(checked_mul(shape.key_size, shape.key_heads), ranks);
        share(checked_mul(shape.value_size, shape.value_heads), ranks);
        share(shape.value_heads, ranks);
    }
    void operator()(const LinearAttentionShape& shape) const {
        require_even(shape.heads % ranks == 0, "the heads of a linear attention layer");
    }
    void operator()(const KimiDeltaShape& shape) const {
        require_even(shape.heads % ranks == 0, "the heads of a Kimi delta attention layer");
    }
    void operator()(const ShortConvShape& shape) const { share(shape.width, ranks); }
};

struct TypeNames {
    std::string_view plain, described;
};
constexpr TypeNames names_of(const Mamba1Shape&) { return {"mamba1", "MAMBA1"}; }
constexpr TypeNames names_of(const Mamba2Shape&) { return {"mamba2", "MAMBA2"}; }
constexpr TypeNames names_of(const DeltaNetShape&) { return {"gdn_attention", "GDN_ATTN"}; }
constexpr TypeNames names_of(const LinearAttentionShape&) { return {"linear_attention", "LINEAR"}; }
constexpr TypeNames names_of(const KimiDeltaShape&) { return {"gdn_attention", "GDN_ATTN"}; }
constexpr TypeNames names_of(const ShortConvShape&) { return {"short_conv", "SHORT_CONV"}; }

// Prefill kernels that hand out the state at a token inside of what they compute; the token is a multiple of this.
std::optional<Tokens> checkpoint_alignment(const Serving& serving, const StateShape& shape) {
    if (std::holds_alternative<Mamba2Shape>(shape)) return Tokens{1};
    const auto* kimi = std::get_if<KimiDeltaShape>(&shape);
    const bool flash = kimi != nullptr && kimi->full_rank_gate && kimi->bounded_gate && kimi->head_size == 128 &&
                       serving.resolved.dtype == DType::bfloat16;
    return flash ? std::optional(Tokens{16}) : std::nullopt;
}

}  // namespace

std::vector<MambaState> states_of(const Serving& serving, const StateShape& shape) {
    return std::visit(StateMaker{.serving = serving}, shape);
}

void check_state_share(const Serving& serving, const StateShape& shape) { std::visit(ShareCheck{.ranks = serving.tensor()}, shape); }

KvSpec spec_of(const Serving& serving, const StateShape& shape) {
    check_state_share(serving, shape);
    const TypeNames names = std::visit([](const auto& one) { return names_of(one); }, shape);
    const Settings& settings = serving.settings;
    MambaSpec spec{.block = serving.resolved.state_block.value_or(settings.block),
                   .states = states_of(serving, shape),
                   .page_padded = serving.resolved.state_page_padded,
                   .type = std::string(serving.described() ? names.described : names.plain),
                   .mode = settings.mamba_mode,
                   .speculative_blocks = settings.drafting.method ? settings.drafting.tokens : 0};
    if (serving.described()) {
        spec.prefill_checkpoint_alignment = checkpoint_alignment(serving, shape);
        spec.prefill_checkpoint_blocks = spec.prefill_checkpoint_alignment ? 1 : 0;
    }
    return spec;
}

}  // namespace kv
