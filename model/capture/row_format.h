// What one delivered row is made of: which layers, who wrote them, how wide an id is. The same for all rows of an engine that has
// started, so that a row itself need be no more than one tag for each writer.
#pragma once

#include "model/capture/provenance.h"
#include "model/engine.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace kv {

// A model as far as its captured rows go, and how it is spread.
struct RowModel {
    static constexpr std::int64_t layers_max = 1 << 16;
    std::int64_t layers = 1;                       // Of the target, drafters apart.
    std::int64_t dense_first = 0;                  // Its first so many have no router.
    std::vector<std::int64_t> stage_layers = {};   // Of each pipeline stage, in order; empty: one stage has all.
    std::int64_t draft_layers = 0;                 // A drafter's layers with routers, and
    std::int64_t draft_first = 0;                  // the number of the first: `layers` goes on after the target's, 0 counts anew.
    RouterShape routers{.experts = 1, .topk = 1};  // Logical experts, of one layer.
    std::int64_t replicas = 0;                     // Of experts, beyond one of each.
    std::int64_t shared_experts = 0;               // Of every token, beside those that it is routed to.
    bool routes_inside = false;                    // The kernel routes, and calls nobody back.
};

enum class RowWriter : std::uint8_t { nobody, target, drafter };

// Layers of a row that are treated alike.
struct RowPart {
    std::int64_t first_layer = 0;
    std::int64_t layers = 0;
    RowWriter writer = RowWriter::target;  // Who writes last.
    bool routed = true;                    // False: there is nothing to write.
    friend bool operator==(const RowPart&, const RowPart&) = default;
};

enum class RowType : std::uint8_t { uint8, uint16, int32 };
constexpr std::int64_t type_end(RowType type) {
    return std::int64_t{1} << (type == RowType::uint8 ? 8 : type == RowType::uint16 ? 16 : 31);
}
constexpr RowType narrowest(std::int64_t id_end) {
    return id_end <= type_end(RowType::uint8) ? RowType::uint8 : id_end <= type_end(RowType::uint16) ? RowType::uint16 : RowType::int32;
}
// What is read back of an id that was stored so.
constexpr std::int64_t stored_id(std::int64_t id, RowType type) { return id % type_end(type); }

class RowFormat {
public:
    // Throws RefusedByEngine where the engine does not start with this model.
    RowFormat(const Engine& engine, const RowModel& model);

    const std::vector<RowPart>& parts() const { return parts_; }  // In the order of the layers.
    std::int64_t entries() const;                                 // Layers of a row.

    // A row is so many tags: the target's, then the drafter's where it writes layers of the row.
    std::int64_t columns() const { return drafter_writes_ ? 2 : 1; }
    bool target_writes() const { return target_writes_; }
    bool drafter_writes() const { return drafter_writes_; }

    std::int64_t stride() const { return stride_; }        // Ids from the first of a row to the first of the next, in one layer.
    std::int64_t id_end() const { return id_end_; }        // One past the largest id that is captured.
    std::optional<RowType> type() const { return type_; }  // Empty: each step has its own.
    bool holds_every_id() const { return !type_ || id_end_ <= type_end(*type_); }
    const RouterShape& routers() const { return routers_; }  // Logical.

private:
    std::vector<RowPart> parts_;
    bool target_writes_ = false;
    bool drafter_writes_ = false;
    std::int64_t stride_;
    std::int64_t id_end_;
    std::optional<RowType> type_;
    RouterShape routers_;
};

// The largest id of a row in the layers that the target wrote, logical.
std::int64_t largest_id(const RowFormat& format, std::uint64_t seed, RowTag tag);

}  // namespace kv
