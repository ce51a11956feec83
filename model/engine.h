// An engine is its decisions, side by side; a change to an engine is the same table with one of them replaced.
#pragma once

#include "model/capture/dispatch.h"
#include "model/plan.h"
#include "model/rule.h"
#include "model/rules/cache.h"
#include "model/rules/capture_call.h"
#include "model/rules/capture_delivery.h"
#include "model/rules/scheduling.h"
#include "model/rules/serving.h"
#include "model/working.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

class Planning;  // The state of a plan in the making: see model/planning.h.

// Of block tables: see model/addressing/.
struct ContextPlace;
struct ContextShare;
struct RowRead;
struct TableBlock;
enum class SlotArithmetic : std::uint8_t;
enum class TableBound : std::uint8_t;

using PageBytes = Rule<Bytes(const KvSpec&)>;                                     // Of one block of one layer, padding included.
using RequestBytes = Rule<Bytes(const Engine&, const KvSpec&, const Settings&)>;  // The most one request holds in one layer.
using EncoderLength = Rule<Tokens(const Settings&)>;                              // Of cross-attention, as planning reckons with it.
using KnownKinds = Rule<void(const Planning&)>;
using Retention = Rule<void(Planning&)>;
// Specs that may share one group, merged one after another. A conflict is what the engine's merge would raise.
using MergeSpecs = Rule<std::variant<KvSpec, Refusal>(std::span<const KvSpec* const>)>;
using UniformType = Rule<bool(const Engine&, std::span<const KvSpec* const>)>;
using Promotion = Rule<void(Planning&)>;
using Packing = Rule<std::optional<std::vector<Group>>(Planning&)>;
using PageUnification = Rule<std::optional<Refusal>(Planning&)>;
using PageFallback = Rule<std::optional<std::vector<Group>>(Planning&)>;  // Where pages cannot be unified; empty: the plan is refused.
using LayerBuckets = Rule<std::vector<std::vector<std::size_t>>(Planning&)>;
using DraftGroups = Rule<void(const Planning&, std::vector<Group>&)>;
using BlockBytes = Rule<Bytes(const Planning&, std::span<const Group>)>;   // One block of all layers of a worker.
using RequestNeed = Rule<Bytes(const Planning&, std::span<const Group>)>;  // What the admission check asks for.
using RankScope = Rule<std::span<const Group>(std::span<const Group> model, std::span<const Group> worker)>;
using OverrideOrder = Rule<Bytes(const Planning&, std::span<const Group>, Bytes memory)>;
using NullBlock = Rule<Bytes(const Planning&, std::span<const Group>, Bytes memory)>;
using WorkerLayout = Rule<WorkerPlan(const Planning&, std::vector<Group>, Bytes memory)>;
using SmallestRank = Rule<void(const Planning&, std::vector<WorkerPlan>&)>;

// What is said of a finished plan. `Reported` is asked per worker and for the scheduler's view.
struct Reporting {
    const Planning& planning;
    std::span<const Group> groups;
    Blocks blocks;
};
using Concurrency = Rule<double(const Reporting&)>;  // Requests of model_len_max that fit at once, by the engine's count.
using ReportedTokens = Rule<Tokens(const Reporting&, double concurrency)>;
using CaptureGroup = Rule<std::size_t(const Reporting&)>;
using SideBufferRows = Rule<SideBuffer(const Reporting&, std::size_t capture_group, const SchedulerView&)>;
using BlockSizes = Rule<void(const Planning&, std::span<const Group>, SchedulerView&)>;
using Report = Rule<void(const Planning&, Plan&)>;  // Fills in what the engine says of a plan whose workers are laid out.

// A key of the host's tier: a block of `group` by its content. Of all workers together.
struct HostRowAsked {
    const Engine& engine;
    const Plan& plan;
    std::size_t group = 0;
};
using HostRow = Rule<Bytes(const HostRowAsked&)>;

// How positions of requests become slots.
using TableBlockRule = Rule<TableBlock(TokensPerBlock block, TokensPerBlock kernel_block)>;
using TableWidth = Rule<std::int64_t(std::int64_t columns, TokensPerBlock)>;         // Entries of a row.
using MovedRow = Rule<void(std::span<std::int32_t> entries, std::int64_t& length)>;  // Of the row that was copied to another.
using ContextRanks = Rule<ContextShare(const ContextPlace&)>;
using BatchPadding = Rule<std::size_t(std::span<std::int64_t> batch, std::size_t tokens)>;  // How many entries are the mapping.
using RowReader = Rule<std::optional<std::vector<std::int64_t>>(const RowRead&)>;           // Empty: no rows are read by slot.

// Of what a router sees in a step: see model/capture/.
using RowsAnswer = std::variant<RowsTaken, RowsSkipped, Refusal>;
using CaptureLayout = Rule<RowsAnswer(const RouterCall&, const Dispatch&)>;
using StepBufferRows = Rule<std::int64_t(const StepBufferDemand&)>;

struct Engine {
    std::string_view name;
    std::string_view meaning;
    PageBytes page_bytes;
    RequestBytes request_bytes;
    EncoderLength encoder_length;
    KnownKinds known_kinds;
    Retention retention;
    MergeSpecs merge_specs;
    UniformType uniform_type;
    Promotion promotion;
    Packing packing;
    PageUnification page_unification;
    PageFallback page_fallback;
    LayerBuckets layer_buckets;
    DraftGroups draft_groups;
    BlockBytes block_bytes;
    RequestNeed request_need;
    RankScope rank_scope;
    OverrideOrder override_order;
    NullBlock null_block;
    WorkerLayout worker_layout;
    SmallestRank smallest_rank;
    Concurrency concurrency;
    ReportedTokens reported_tokens;
    CaptureGroup capture_group;
    SideBufferRows side_buffer_rows;
    BlockSizes block_sizes;
    Report report;
    HostRow host_row;
    Algorithm<CacheSetups> cache_setups;
    Algorithm<FreeOrder> free_order;
    Algorithm<ContextBlocks> context_blocks;
    Algorithm<HitSearch> hit_search;
    Algorithm<HitAdoption> hit_adoption;
    Algorithm<RequestGate> request_gate;
    Algorithm<WindowBasis> window_basis;
    Algorithm<StateBlocks> state_blocks;
    Algorithm<StateMarks> state_marks;
    Algorithm<StatesWrittenAt> states_written;
    Algorithm<PaddedStates> padded_states;
    Algorithm<CachedBlocks> cached_blocks;
    Algorithm<CommonPrefix> common_prefix;
    Algorithm<ZeroedBlocks> zeroed_blocks;
    TableBlockRule table_block;
    TableWidth table_width;
    MovedRow moved_row;
    ContextRanks context_ranks;
    Algorithm<TableBound> table_bound;
    Algorithm<SlotArithmetic> slot_arithmetic;
    BatchPadding batch_padding;
    RowReader row_reader;
    Algorithm<SchedulerRules> scheduler;
    Algorithm<StateChunks> state_chunks;
    Algorithm<EncoderRelease> encoder_release;
    Algorithm<WindowTable> window_table;
    Algorithm<DraftSlots> draft_slots;
    Algorithm<CachePad> cache_pad;
    Algorithm<KernelOffsets> kernel_offsets;
    Algorithm<BatchAgreement> batch_agreement;
    Algorithm<DraftPool> draft_pool;
    Algorithm<TransferLists> transfer_lists;
    Algorithm<LateOutputs> late_outputs;
    Algorithm<RouterBlocks> router_blocks;
    Algorithm<GroupScope> group_scope;
    Algorithm<RowWriterGroup> row_writer;
    Algorithm<RowStride> row_stride;
    StepBufferRows step_buffer;
    CaptureLayout capture_layout;
    Algorithm<LayerCheck> capture_layer;
    Algorithm<ColumnCheck> capture_columns;
    Algorithm<BatchStart> capture_start;
    Algorithm<Transport> transport;
    Algorithm<RowRequests> row_requests;
    Algorithm<PadRows> pad_rows;
    Algorithm<RowTyping> row_type;
    Algorithm<RowOverflow> row_overflow;
    Algorithm<PipelineRows> pipeline_rows;
    Algorithm<RowLayers> row_layers;
    Algorithm<RowIds> row_ids;
    Algorithm<DraftRows> draft_rows;
    Algorithm<UnboundRouters> unbound_routers;
    Algorithm<RowStaging> row_staging;
    Algorithm<UnwrittenRows> unwritten_rows;
    Algorithm<HitRows> hit_rows;
    Algorithm<LoadedRows> loaded_rows;
    Algorithm<LostRows> lost_rows;
    Algorithm<ResumedRows> resumed_rows;
    Algorithm<ModelClasses> model_classes;
    Algorithm<ServingDefaults> serving_defaults;
    Algorithm<Backends> backends;
    Algorithm<LayerSpecs> layer_specs;
    Algorithm<StateAlignment> state_alignment;
};

std::span<const Engine> engines();  // As released, and `reference`.

// The list that flags, `explain`, `diff` and mutants walk: every slot of the table with the rules that fit it.
struct RuleText {
    std::string_view id, meaning, source;
};
enum class SlotArea : std::uint8_t {
    plan,        // What is made of layers and memory.
    saying,      // What is said of a finished plan.
    holding,     // Which blocks a request gets, keeps and shares.
    address,     // Which slot a token has.
    capture,     // Which rows of a router's tensor a rank takes, and where in its step buffer they go.
    scheduling,  // Which tokens of which requests a step computes.
    working,     // What a worker writes where in a step, and what ranks tell each other.
    delivery,    // How rows get from the step buffer to whoever asked for them.
    serving      // What is made of a model's config before anything is planned.
};
struct Slot {
    SlotArea area;
    std::string_view id;
    std::string_view meaning;
    std::vector<RuleText> rules;
    std::string_view (*rule_of)(const Engine&);
    bool (*replace)(Engine&, std::string_view rule_id);  // False: no such rule.
};
std::span<const Slot> slots();

// A well-known change as a named set of replacements.
struct Patch {
    struct Replacement {
        std::string_view slot, rule;
    };
    std::string_view id, meaning, source;
    std::vector<Replacement> replacements;
};
std::span<const Patch> patches();

// A rule that makes sense only with a certain rule in another slot; a table that breaks it is impossible and never runs.
struct Requirement {
    std::string_view slot, rule;
    std::string_view needs_slot, needs_rule;
    std::string_view why;
};
std::span<const Requirement> requirements();

// "vllm-0.18.0+pr-37118,side-buffer=group-slots": NAME[+PATCH...][,slot=rule...]. The error says what is there instead.
struct EngineSpelling {
    std::string message;
    std::size_t column = 1;  // In the spelling, from 1.
};
std::variant<Engine, EngineSpelling> engine_spelled(std::string_view spelling);

}  // namespace kv
