#include "model/events/property_needs.h"

namespace kv {
namespace {

constexpr PropertyNeed needs[] = {
    {"capacity-true", "plan-made", "blocks model_len_max groups"},
    {"capacity-true", "capacity-reported", "worker tokens concurrency length"},
    {"capacity-true", "capacity-constructed", "length requests further tokens grain"},

    {"slot-in-bounds", "plan-made", "groups workers context_ranks"},
    {"slot-in-bounds", "pool-made", "blocks"},
    {"slot-in-bounds", "table-made", "rows columns block kernel_block"},
    {"slot-in-bounds", "buffer-made", "buffer rows group rows_per_block"},
    {"slot-in-bounds", "blocks-asked", "taken held"},
    {"slot-in-bounds", "slots-mapped", "runs slots"},
    {"slot-in-bounds", "kv-written", "slots tokens pad_slot"},
    {"slot-in-bounds", "states-written", "writes"},
    {"slot-in-bounds", "rows-stored", "slots by_slot pad_slot"},
    {"slot-in-bounds", "rows-read", "slots"},
    {"slot-in-bounds", "transfer-opened", "column blocks"},
    {"slot-in-bounds", "engine-fault", "type figures"},

    {"row-fresh", "request-arrived", "prompt wants_rows text"},
    {"row-fresh", "rows-formed", "layers dense_first entries routes_inside layer_parts"},
    {"row-fresh", "step-scheduled", "scheduled"},
    {"row-fresh", "rows-stored", "slots rows"},
    {"row-fresh", "rows-read", "first slots"},
    {"row-fresh", "request-stops", "why tokens"},
    {"row-fresh", "rows-delivered", "first columns rows wanted"},

    {"map-agrees", "plan-made", "published_block scheduler_block hash_block capture_group context_ranks groups"},
    {"map-agrees", "table-made", "columns block kernel_block"},
    {"map-agrees", "buffer-made", "buffer group rows_per_block"},
    {"map-agrees", "blocks-asked", "held"},
    {"map-agrees", "step-scheduled", "scheduled"},
    {"map-agrees", "slots-mapped", "group context_rank runs slots"},
    {"map-agrees", "kv-written", "group context_rank slots"},
    {"map-agrees", "rows-stored", "group slots"},
    {"map-agrees", "rows-read", "group first slots"},

    {"buffer-fits", "plan-made", "model_len_max batched_max sequences_max"},
    {"buffer-fits", "table-made", "rows columns block"},
    {"buffer-fits", "buffer-made", "buffer rows layers columns group"},
    {"buffer-fits", "pool-made", "blocks"},
    {"buffer-fits", "request-arrived", "prompt encoder"},
    {"buffer-fits", "batch-sized", "tokens rows"},
    {"buffer-fits", "rows-offered", "rows columns"},
    {"buffer-fits", "rows-captured", "buffer_first count"},

    {"pad-inert", "pool-made", "null_blocks"},
    {"pad-inert", "buffer-made", "buffer rows"},
    {"pad-inert", "blocks-asked", "taken held"},
    {"pad-inert", "batch-sized", "tokens rows dummy"},
    {"pad-inert", "slots-mapped", "runs slots"},
    {"pad-inert", "kv-written", "tokens slots pad_slot"},
    {"pad-inert", "states-written", "writes"},
    {"pad-inert", "rows-stored", "slots pad_slot"},
    {"pad-inert", "rows-read", "slots"},

    {"page-unified", "plan-made", "published_block scheduler_block hash_block groups workers"},
    {"page-unified", "plan-refused", "type figures"},

    {"hit-complete", "plan-made", "groups"},
    {"hit-complete", "request-arrived", "text"},
    {"hit-complete", "cache-hit-found", "length shared_boundary blocks"},
    {"hit-complete", "blocks-asked", "hit external held"},
    {"hit-complete", "slots-mapped", "runs slots"},
    {"hit-complete", "kv-written", "slots"},
    {"hit-complete", "states-written", "writes"},
    {"hit-complete", "blocks-zeroed", "blocks"},
    {"hit-complete", "blocks-copied", "copies"},
    {"hit-complete", "transfer-done", "tokens"},
    {"hit-complete", "output-settled", "accepted rejected"},

    {"layout-match", "step-scheduled", "scheduled"},
    {"layout-match", "batch-sized", "tokens rows graph micro_batches"},
    {"layout-match", "rows-offered", "rows columns layout tp_size batch_start rank_tokens rank_rows"},
    {"layout-match", "rows-captured", "outcome from_all_workers buffer_first first count rows"},
    {"layout-match", "engine-fault", "type figures"},

    {"admit-agrees", "plan-made", "blocks model_len_max groups workers"},
    {"admit-agrees", "plan-refused", "type figures"},
    {"admit-agrees", "pool-made", "free"},
    {"admit-agrees", "request-refused", "prompt length_max"},
    {"admit-agrees", "request-arrived", "prompt outputs_max encoder"},
    {"admit-agrees", "blocks-asked", "tokens new_tokens admission whole_request needed reserved granted taken free"},
    {"admit-agrees", "step-scheduled", "running waiting"},
    {"admit-agrees", "run-ended", "why waiting"},
    {"admit-agrees", "engine-fault", "type"},

    {"shard-partition", "plan-made", "layers context_ranks groups workers"},
    {"shard-partition", "rows-formed", "layers layer_parts"},
    {"shard-partition", "slots-mapped", "context_rank runs slots"},
    {"shard-partition", "kv-written", "context_rank slots"},

    {"xfer-match", "table-made", "block"},
    {"xfer-match", "blocks-asked", "external held"},
    {"xfer-match", "transfer-opened", "group first tokens source_block source_blocks column blocks"},
    {"xfer-match", "transfer-done", "tokens"},

    {"id-space", "buffer-made", "layers columns"},
    {"id-space", "rows-formed", "layers entries experts topk id_end type_end layer_parts"},
    {"id-space", "rows-offered", "layer layers columns"},
    {"id-space", "rows-captured", "one_column_for_all"},

    {"block-conserved", "pool-made", "blocks null_blocks free"},
    {"block-conserved", "cache-hit-found", "blocks"},
    {"block-conserved", "blocks-asked", "granted taken free held"},
    {"block-conserved", "blocks-cached", "held"},
    {"block-conserved", "blocks-freed", "free"},
    {"block-conserved", "blocks-copied", "copies free"},
    {"block-conserved", "cache-reset", "done free"},

    {"live-read", "step-scheduled", "scheduled"},
    {"live-read", "slots-mapped", "runs slots"},
    {"live-read", "kv-written", "slots"},
    {"live-read", "blocks-asked", "taken held"},
    {"live-read", "blocks-cached", "held"},
    {"live-read", "request-stops", "why drops_output"},
    {"live-read", "blocks-freed", "why"},
    {"live-read", "blocks-zeroed", "blocks"},
    {"live-read", "blocks-copied", "copies"},
    {"live-read", "transfer-opened", "blocks"},
    {"live-read", "transfer-done", "tokens"},
    {"live-read", "rows-read", "slots"},
    {"live-read", "output-settled", "dropped stale"},
    {"live-read", "step-settled", "step"},

    {"ranks-agree", "plan-made", "blocks workers"},
    {"ranks-agree", "pool-made", "blocks"},
    {"ranks-agree", "table-made", "block kernel_block"},
    {"ranks-agree", "step-began", "step"},
    {"ranks-agree", "batch-sized", "rows graph micro_batches dummy"},

    {"hit-maximal", "plan-made", "hash_block scheduler_block groups"},
    {"hit-maximal", "request-arrived", "text"},
    {"hit-maximal", "cache-hit-found", "length shared_boundary"},
    {"hit-maximal", "blocks-asked", "computed hit delays_caching taken held"},
    {"hit-maximal", "blocks-cached", "tokens held"},
    {"hit-maximal", "states-written", "writes"},
    {"hit-maximal", "blocks-freed", "why"},
    {"hit-maximal", "cache-reset", "done"},

    {"offset-fits", "address-formed", "largest bits"},

    {"window-exact", "plan-made", "groups"},
    {"window-exact", "blocks-asked", "computed in_flight held"},
    {"window-exact", "blocks-cached", "computed tokens held"},
    {"window-exact", "step-scheduled", "scheduled"},
    {"window-exact", "output-settled", "rejected"},
    {"window-exact", "step-settled", "step"},
};

}  // namespace

std::span<const PropertyNeed> property_needs() { return needs; }

}  // namespace kv
