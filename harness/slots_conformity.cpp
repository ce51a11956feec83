#include "harness/slots_conformity.h"

#include "harness/comparison.h"
#include "harness/refusal_conformity.h"
#include "model/addressing/group_tables.h"

#include <algorithm>
#include <utility>

namespace kv {

namespace {

void apply(const TableEdit& edit, GroupTables& tables) {
    switch (edit.kind) {
        case TableEdit::Kind::add:
            return tables.add(edit.row, edit.blocks);
        case TableEdit::Kind::append:
            return tables.append(edit.row, edit.blocks);
        case TableEdit::Kind::move:
            return tables.move(edit.row, edit.other_row);
        case TableEdit::Kind::swap:
            return tables.swap(edit.row, edit.other_row);
        case TableEdit::Kind::clear:
            return tables.clear(edit.row);
    }
}

class SlotsComparison {
public:
    SlotsComparison(const GoldenSlots& golden, const Engine& engine) : golden_(golden), engine_(engine) {}

    CaseResult result() {
        std::optional<Refusal> refusal;
        try {
            run();
        } catch (RefusedByEngine& refused) {
            refusal = std::move(refused.refusal);
        }
        const std::optional<std::string>& recorded = golden_.expect.error;
        const bool same = recorded.has_value() == refusal.has_value() && (!refusal || *recorded == name_of(refusal->type));
        if (!same) comparison_.differ("err", recorded.value_or("none"), refusal ? refusal_text(*refusal) : "none");
        return {.id = golden_.id, .differences = comparison_.differences()};
    }

private:
    using Scope = Comparison::Scope;

    // Compares what there is up to where the engine refuses.
    void run() {
        GroupTables tables(engine_, golden_.groups, golden_.batch);
        for (const TableEdit& edit : golden_.edits) apply(edit, tables);
        compare_tables(tables);
        std::vector<std::int64_t> batch(static_cast<std::size_t>(golden_.batched_max));
        for (std::size_t group = 0; group < tables.tables().size(); ++group) {
            const std::span<const std::int64_t> slots = tables.tables()[group].map(golden_.runs, batch);
            if (golden_.expect.error) continue;
            const Scope scope(comparison_, "slots", group);
            list(golden_.expect.slots[group], slots);
        }
    }

    void compare_tables(const GroupTables& tables) {
        const RecordedSlots& expect = golden_.expect;
        for (std::size_t group = 0; group < tables.tables().size(); ++group) {
            const BlockTable& table = tables.tables()[group];
            if (!expect.widths.empty()) {
                const Scope scope(comparison_, "width", group);
                comparison_.value("", expect.widths[group], table.width());
            }
            if (expect.row_lengths.empty()) continue;
            std::vector<std::int64_t> lengths;
            for (std::int64_t row = 0; row < std::min(std::ssize(golden_.runs), table.rows()); ++row)
                lengths.push_back(table.row_length(row));
            const Scope scope(comparison_, "row_lengths", group);
            list(expect.row_lengths[group], lengths);
        }
    }

    // The first figure that differs, and where.
    void list(std::span<const std::int64_t> recorded, std::span<const std::int64_t> ours) {
        if (!comparison_.same_size("", recorded.size(), ours.size())) return;
        const auto [first, first_ours] = std::ranges::mismatch(recorded, ours);
        if (first == recorded.end()) return;
        const Scope scope(comparison_, "", static_cast<std::size_t>(first - recorded.begin()));
        comparison_.value("", *first, *first_ours);
    }

    const GoldenSlots& golden_;
    const Engine& engine_;
    Comparison comparison_;
};

}  // namespace

CaseResult compare_slots(const GoldenSlots& golden, const Engine& engine) { return SlotsComparison(golden, engine).result(); }

bool recognises_slots(JsonValue line) { return is_golden_slots(line); }

std::optional<CaseResult> compare_slots_line(GoldenLines& lines, const ConformOptions& options) {
    return compare_line(lines, options, golden_slots_engine(lines.value()), read_golden_slots, compare_slots);
}

}  // namespace kv
