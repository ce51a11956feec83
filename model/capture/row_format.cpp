#include "model/capture/row_format.h"

#include <algorithm>
#include <string>

namespace kv {
namespace {

[[noreturn]] void refuse_start(std::string_view raised_in, std::string message, std::vector<std::int64_t> figures) {
    refuse({.type = Raised::value_error, .raised_in = raised_in, .message = std::move(message), .figures = std::move(figures)});
}

// Where one stage ends and the next begins, and so on for what else divides the layers.
std::vector<std::int64_t> cuts_of(const RowModel& model) {
    std::vector<std::int64_t> cuts{0, model.dense_first, model.draft_first, model.draft_first + model.draft_layers, model.layers};
    std::int64_t end = 0;
    for (const std::int64_t layers : model.stage_layers) cuts.push_back(end += layers);
    for (std::int64_t& cut : cuts) cut = std::min(cut, model.layers);
    std::ranges::sort(cuts);
    const auto doubles = std::ranges::unique(cuts);
    cuts.erase(doubles.begin(), doubles.end());
    return cuts;
}

RowWriter writer_of(const Engine& engine, const RowModel& model, std::int64_t layer) {
    const bool drafted = model.draft_first <= layer && layer < model.draft_first + model.draft_layers;
    if (drafted && engine.draft_rows.choice == DraftRows::bound_too && !model.routes_inside) return RowWriter::drafter;
    if (layer < model.dense_first || model.routes_inside) return RowWriter::nobody;
    const std::int64_t last_stage = model.stage_layers.empty() ? 0 : model.layers - model.stage_layers.back();
    if (layer < last_stage && engine.pipeline_rows.choice != PipelineRows::each_stage) return RowWriter::nobody;
    return RowWriter::target;
}

std::optional<RowType> type_of(RowTyping typing, const RouterShape& routers) {
    switch (typing) {
        case RowTyping::int32:
            return RowType::int32;
        case RowTyping::by_expert_count:
            return routers.experts <= type_end(RowType::uint8) ? RowType::uint8 : RowType::uint16;
        case RowTyping::always_uint8:
            return RowType::uint8;
        case RowTyping::by_step:
            return std::nullopt;
    }
    return std::nullopt;
}

void require_sound(const RowModel& model) {
    const auto count = [](std::int64_t layers) { return 0 <= layers && layers <= RowModel::layers_max; };
    require(1 <= model.layers && count(model.layers), "a model has layers, and not too many");
    require(count(model.dense_first) && model.dense_first <= model.layers, "dense layers are layers of the model");
    require(count(model.draft_layers) && count(model.draft_first), "a drafter's layers have numbers");
    require(0 < model.routers.topk && model.routers.topk <= model.routers.experts, "a router chooses different experts");
    require(model.routers.experts <= type_end(RowType::int32) - model.replicas && model.replicas >= 0, "an expert's id is an int32");
    std::int64_t staged = 0;
    for (const std::int64_t layers : model.stage_layers) {
        require(layers > 0 && count(layers), "a stage has layers");
        staged += layers;
        require(staged <= model.layers, "stages share the model's layers");
    }
    require(model.stage_layers.empty() || staged == model.layers, "stages share the model's layers");
}

}  // namespace

RowFormat::RowFormat(const Engine& engine, const RowModel& model)
    : stride_(model.routers.topk + (engine.row_stride.choice == RowStride::with_shared ? model.shared_experts : 0)),
      id_end_(model.routers.experts + (engine.row_ids.choice == RowIds::physical ? model.replicas : 0)),
      type_(type_of(engine.row_type.choice, model.routers)),
      routers_(model.routers) {
    require_sound(model);
    if (model.stage_layers.size() > 1 && engine.pipeline_rows.choice == PipelineRows::refused)
        refuse_start("_verify_aux_output_compatibility",
                     "rows cannot be captured over " + std::to_string(model.stage_layers.size()) + " pipeline stages", {});
    if (model.routes_inside && engine.unbound_routers.choice == UnboundRouters::refused)
        refuse_start("bind_routed_experts_capturer", "the kernel routes inside, so that no row can be captured", {});
    if (!holds_every_id() && engine.row_overflow.choice == RowOverflow::refused)
        refuse_start("kvproof",
                     "ids up to " + std::to_string(id_end_ - 1) + " do not fit a type that ends at " + std::to_string(type_end(*type_) - 1),
                     {id_end_ - 1, type_end(*type_) - 1});
    const std::vector<std::int64_t> cuts = cuts_of(model);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        const RowPart part{.first_layer = cuts[i],
                           .layers = cuts[i + 1] - cuts[i],
                           .writer = writer_of(engine, model, cuts[i]),
                           .routed = cuts[i] >= model.dense_first};
        if (!part.routed && engine.row_layers.choice == RowLayers::routers_only) continue;
        const bool joins = !parts_.empty() && parts_.back().writer == part.writer && parts_.back().routed == part.routed;
        if (joins) parts_.back().layers += part.layers;
        else parts_.push_back(part);
    }
    for (const RowPart& part : parts_) {
        target_writes_ |= part.writer == RowWriter::target;
        drafter_writes_ |= part.writer == RowWriter::drafter;
    }
}

std::int64_t RowFormat::entries() const {
    std::int64_t layers = 0;
    for (const RowPart& part : parts_) layers += part.layers;
    return layers;
}

std::int64_t largest_id(const RowFormat& format, std::uint64_t seed, RowTag tag) {
    std::int64_t largest = 0;
    for (const RowPart& part : format.parts()) {
        if (part.writer != RowWriter::target) continue;
        for (std::int64_t layer = part.first_layer; layer < part.first_layer + part.layers; ++layer) {
            const LayerChoice choice = layer_choice(seed, tag, layer, format.routers());
            for (std::int64_t k = 0; k < format.routers().topk; ++k) largest = std::max<std::int64_t>(largest, choice.expert(k));
        }
    }
    return largest;
}

}  // namespace kv
