#include "scenarios/recorded_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace kv {

namespace {

struct KindName {
    std::string_view recorded, in_specs;
};
constexpr std::array<KindName, 10> kind_names{{{"full", "full"},
                                               {"mla", "mla"},
                                               {"sliding", "sliding_window"},
                                               {"chunked", "chunked_local"},
                                               {"mamba", "mamba"},
                                               {"cross", "cross"},
                                               {"sink_full", "sink_full"},
                                               {"rswa", "rswa"},
                                               {"sliding_mla", "sliding_window_mla"},
                                               {"circular", "circular_buffer"}}};

}  // namespace

std::optional<CacheGroup> read_recorded_group(JsonValue value, RecordShape shape, JsonErrors& errors) {
    JsonFields fields(value, errors);
    const auto kind = fields.need("kind");
    if (!kind) return CacheGroup{};
    if (kind->kind() != JsonKind::string) {
        errors.note_expected(*kind, "the name of a kind");
        return CacheGroup{};
    }
    const auto name = std::ranges::find(kind_names, kind->string(), &KindName::recorded);
    if (name == kind_names.end() || std::ranges::find(recorded_kinds(shape), name->in_specs) == recorded_kinds(shape).end())
        return std::nullopt;
    CacheGroup group{.spec = read_spec_with_defaults(fields, name->in_specs, shape)};
    if (const auto* mamba = std::get_if<MambaSpec>(&group.spec))
        if (std::max(mamba->speculative_blocks, mamba->prefill_checkpoint_blocks) > recorded_blocks_max)
            errors.note(value, fmt::format("expected at most {} speculative or checkpoint blocks", recorded_blocks_max));
    const SlidingWindowSpec* window = sliding_of(group.spec);
    if (window != nullptr && window->window < Tokens{1})
        if (const auto place = value.member("sliding_window"))
            errors.note_expected(*place, "a window from 1: a manager keeps the last token");
    const auto draft = shape == RecordShape::vllm_0_32 ? fields.find("eagle_group") : std::nullopt;
    group.draft = draft && read_boolean(*draft, errors);
    fields.finish();
    return group;
}

}  // namespace kv
