#include "harness/side_buffer_conformity.h"

#include "harness/comparison.h"
#include "harness/refusal_conformity.h"
#include "model/capture/row_delivery.h"
#include "model/planning.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace kv {

namespace {

RowTag tag_of_saved(const SavedRow& row) { return tag_of({.producer = 0, .content = row.step, .position = row.token}); }

std::string row_text(const FoundRow& row) { return row ? fmt::format("step {} token {}", row->step, row->token) : "unwritten"; }

std::string row_text(RowTag tag) {
    if (tag == missing_tag) return "missing";
    const std::optional<RowOrigin> origin = origin_of(tag);
    return row_text(origin ? FoundRow(SavedRow{origin->content, origin->position}) : FoundRow());
}

// The buffer that an engine makes for groups and blocks.
struct MadeBuffer {
    std::size_t capture_group = 0;
    std::int64_t rows = 0;
    std::int64_t object_rows = 1;
    TokensPerBlock block{1};
};

MadeBuffer made_buffer(const GoldenSideBuffer& golden, const Engine& engine) {
    const ModelLayers no_layers;
    const Planning planning(engine, no_layers, Settings{}, golden.groups);
    std::vector<Group> groups(golden.groups.size());
    SchedulerView view{.blocks = golden.blocks};
    std::int64_t smallest = block_of(golden.groups.front()).value;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        groups[i].spec = static_cast<SpecId>(i);
        smallest = std::min(smallest, block_of(golden.groups[i]).value);
    }
    view.block = Tokens{smallest};
    const Reporting report{planning, groups, golden.blocks};
    MadeBuffer made{.capture_group = engine.capture_group(report)};
    const SideBuffer buffer = engine.side_buffer_rows(report, made.capture_group, view);
    made.rows = buffer.rows.value;
    if (buffer.rows_per_object) made.object_rows = buffer.rows_per_object->value;
    made.block = block_of(golden.groups[made.capture_group]);
    return made;
}

class SideBufferComparison {
public:
    SideBufferComparison(const GoldenSideBuffer& golden, const Engine& engine, const MadeBuffer& made)
        : golden_(golden), engine_(engine), made_(made) {}

    CaseResult result() {
        if (engine_.transport.choice != Transport::shared_memory) {
            comparison_.differ("transport", "shared-memory", std::string(engine_.transport.id));
            return {.id = golden_.id, .differences = comparison_.differences()};
        }
        std::optional<RowDelivery> delivery;
        std::optional<Refusal> refusal = refusal_of([&] { delivery.emplace(engine_, setup()); });
        const auto* recorded = std::get_if<RecordedSideBuffer>(&golden_.expect);
        compare_errors("init_exception", recorded ? nullptr : &std::get<RecordedError>(golden_.expect), refusal);
        if (recorded && delivery) compare(*recorded, *delivery);
        return {.id = golden_.id, .differences = comparison_.differences()};
    }

private:
    using Scope = Comparison::Scope;

    RowSetup setup() const {
        RowSetup setup;
        setup.model = {.layers = golden_.layers, .routers = {.experts = golden_.topk, .topk = golden_.topk}};
        setup.rows = made_.rows;
        setup.object_rows = made_.object_rows;
        setup.address = SlotAddress(made_.block);
        for (const auto& slots : golden_.steps) setup.batched_max = std::max<std::int64_t>(setup.batched_max, std::ssize(slots));
        return setup;
    }

    template <class Call>
    static std::optional<Refusal> refusal_of(Call call) {
        try {
            call();
        } catch (RefusedByEngine& refused) {
            return std::move(refused.refusal);
        }
        return std::nullopt;
    }

    void compare_errors(std::string_view key, const RecordedError* recorded, const std::optional<Refusal>& ours) {
        if (recorded == nullptr || !ours) {
            if (recorded != nullptr || ours)
                comparison_.differ(key, recorded ? refusal_text(*recorded) : "none", ours ? refusal_text(*ours) : "none");
            return;
        }
        RecordedError error = *recorded;
        error.raised_in = ours->raised_in;  // Which is not recorded.
        std::vector<FieldDifference> raised_in;
        const Scope scope(comparison_, key);
        compare_refusal(error, *ours, comparison_, raised_in);
    }

    void compare(const RecordedSideBuffer& recorded, RowDelivery& delivery) {
        comparison_.value("rows", recorded.rows, made_.rows);
        comparison_.value("attn_gid", recorded.capture_group, static_cast<std::int64_t>(made_.capture_group));
        comparison_.value("address_space", recorded.group_slots, checked_mul(golden_.blocks.value, made_.block.value));
        const auto* shared = delivery.as<SharedMemoryRows>();
        require(shared != nullptr, "rows go through shared memory");
        delivery.arrive(0, {});
        for (std::size_t step = 0; step < golden_.steps.size(); ++step) {
            const Scope scope(comparison_, "steps", step);
            compare_save(recorded.saves[step], step, *shared, delivery);
        }
        compare_written(recorded, *shared);
        for (std::size_t i = 0; i < golden_.reads.size(); ++i) {
            const Scope scope(comparison_, "reads", i);
            compare_read(recorded.reads[i], golden_.reads[i], delivery);
        }
    }

    void compare_save(const RecordedSave& recorded, std::size_t step, const SharedMemoryRows& shared, RowDelivery& delivery) {
        const std::vector<std::int64_t>& slots = golden_.steps[step];
        std::vector<RowTag> rows;
        for (std::size_t token = 0; token < slots.size(); ++token)
            rows.push_back(tag_of_saved({static_cast<std::int64_t>(step), static_cast<std::int64_t>(token)}));
        // A slot can be a row from the front or from the end; which of both it is, the engine's rules say.
        std::vector<std::int64_t> near;
        for (const std::int64_t slot : slots)
            for (const std::int64_t row : {slot, slot + shared.rows().rows()})
                if (0 <= row && row < shared.rows().rows()) near.push_back(row);
        std::ranges::sort(near);
        const auto doubles = std::ranges::unique(near);
        near.erase(doubles.begin(), doubles.end());
        std::vector<RowTag> before;
        for (const std::int64_t row : near) before.push_back(shared.rows().tags()[static_cast<std::size_t>(row)]);
        const auto refusal = refusal_of([&] { delivery.save({.requests = {}, .slots = slots, .rows = rows}); });
        compare_errors("exception", recorded.error ? &*recorded.error : nullptr, refusal);
        std::vector<std::int64_t> changed;
        for (std::size_t i = 0; i < near.size(); ++i)
            if (shared.rows().tags()[static_cast<std::size_t>(near[i])] != before[i]) changed.push_back(near[i]);
        list("rows_changed", recorded.rows_changed, changed, [](std::int64_t row) { return std::to_string(row); });
    }

    void compare_written(const RecordedSideBuffer& recorded, const SharedMemoryRows& shared) {
        std::vector<std::pair<std::int64_t, RowTag>> written, ours;
        for (const auto& [row, saved] : recorded.written) written.emplace_back(row, tag_of_saved(saved));
        const std::span<const RowTag> tags = shared.rows().tags();
        for (std::size_t row = 0; row < tags.size(); ++row)
            if (tags[row] != never_written_tag) ours.emplace_back(static_cast<std::int64_t>(row), tags[row]);
        list("buffer", written, ours, [](const auto& row) { return fmt::format("row {}: {}", row.first, row_text(row.second)); });
    }

    void compare_read(const RecordedRead& recorded, const SideBufferRead& read, RowDelivery& delivery) {
        DeliveredRows delivered;
        const auto refusal = refusal_of([&] { delivered = delivery.stop(0, {.tokens = read.tokens, .blocks = read.blocks}); });
        compare_errors("exception", recorded.error ? &*recorded.error : nullptr, refusal);
        if (recorded.error || refusal) return;
        std::vector<RowTag> rows;
        for (const FoundRow& row : recorded.rows) rows.push_back(row ? tag_of_saved(*row) : never_written_tag);
        list("values", rows, {delivered.rows.begin(), delivered.rows.end()}, [](RowTag tag) { return row_text(tag); });
    }

    // The first element that differs, and where.
    template <class T, class Text>
    void list(std::string_view key, const std::vector<T>& recorded, const std::vector<T>& ours, Text text) {
        if (!comparison_.same_size(key, recorded.size(), ours.size())) return;
        const auto [first, first_ours] = std::ranges::mismatch(recorded, ours);
        if (first == recorded.end()) return;
        const Scope scope(comparison_, key, static_cast<std::size_t>(first - recorded.begin()));
        comparison_.differ("", text(*first), text(*first_ours));
    }

    const GoldenSideBuffer& golden_;
    const Engine& engine_;
    const MadeBuffer& made_;
    Comparison comparison_;
};

}  // namespace

std::optional<CaseResult> compare_side_buffer(const GoldenSideBuffer& golden, const Engine& engine) {
    MadeBuffer made;
    try {
        made = made_buffer(golden, engine);
    } catch (const RefusedByEngine& refused) {
        CaseResult result{.id = golden.id};
        const auto* recorded = std::get_if<RecordedError>(&golden.expect);
        result.differences.push_back({.field = "init_exception",
                                      .at = "init_exception",
                                      .recorded = recorded ? refusal_text(*recorded) : "none",
                                      .ours = refusal_text(refused.refusal)});
        return result;
    }
    if (made.rows > compared_rows_max && engine.transport.choice == Transport::shared_memory) return std::nullopt;
    return SideBufferComparison(golden, engine, made).result();
}

bool recognises_side_buffer(JsonValue line) { return is_golden_side_buffer(line); }

std::optional<CaseResult> compare_side_buffer_line(GoldenLines& lines, const ConformOptions& options) {
    const auto compare = [&](const GoldenSideBuffer& golden, const Engine& engine) {
        std::optional<CaseResult> result = compare_side_buffer(golden, engine);
        if (!result)
            lines.diagnostics().push_back(
                lines.document().diagnostic(lines.value(), fmt::format("expected a side buffer of at most {} rows", compared_rows_max)));
        return result;
    };
    return compare_line(lines, options, golden_side_buffer_engine(lines.value()), read_golden_side_buffer, compare);
}

}  // namespace kv
