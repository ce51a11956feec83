// The keys of what happens in a scenario: requests, capture, expectations. Joined to the table of keys by keys.cpp.
#pragma once

#include "model/capture/dispatch.h"
#include "model/finding.h"
#include "model/refusal.h"
#include "scenarios/key_rows.h"
#include "scenarios/run_end.h"

#include <array>
#include <string_view>

namespace kv {

inline constexpr std::int64_t steps_most = std::int64_t{1} << 40;
inline constexpr std::int64_t requests_most = std::int64_t{1} << 20;
inline constexpr std::int64_t request_tokens_most = 1'000'000'000;      // Of a prompt or an output.
inline constexpr std::int64_t seed_most = (std::int64_t{1} << 53) - 1;  // Every program that reads JSON keeps it.
inline constexpr std::int64_t figure_most = std::int64_t{1} << 60;

inline constexpr std::array<std::string_view, 2> verdict_names{"holds", "broken"};  // In the order of ExpectedVerdict.

inline constexpr std::array head_rows{
    row("", "title", Form::text, "what the scenario is, in a line"),
    row("", "seed", Form::count, "from which all that is drawn or made up is").from(0, seed_most).otherwise("1"),
    row("", "affects", Form::texts, "released engines that show the finding").otherwise("[]"),
    row("", "bugs", Form::texts, "known bugs that it is about, by their numbers: `kvproof explain B19`").otherwise("[]"),
    row("", "capture", Form::table, "capture of routed experts; without this section there is none"),
    row("", "request", Form::tables, "the requests, [[request]] each"),
    row("", "workload", Form::table, "more requests: of a file, or drawn"),
    row("", "reset", Form::tables, "resets of the prefix cache, [[reset]] each"),
    row("", "expect", Form::tables, "what the properties must say, [[expect]] each"),

    row("model", "config", Form::text, "path of a config.json from this file's folder, in place of [[model.layer]]"),
    row("model", "group", Form::tables, "layers as the groups that an engine has made of them, in its order, in place of [[model.layer]]"),
    row("model", "experts", Form::count, "logical experts of a layer with a router; of config.json when it is not there")
        .from(1, small_max),
    row("model", "topk", Form::count, "experts that a token is routed to").from(1, small_max),
    row("model", "dense_first", Form::count, "first layers that have no router").from(0, layer_count_max).otherwise("0"),
    row("model", "redundant_experts", Form::count, "replicas of experts beyond one of each").from(0, small_max).otherwise("0"),

    row("model", "shared_experts", Form::count, "experts of every token beside those that it is routed to")
        .from(0, small_max)
        .otherwise("0"),

    row("machine", "host", Form::bytes, "memory of the host's tier of the cache").from(0, memory_max).otherwise("\"0 B\""),

    row("parallel", "dp", Form::count, "data parallel ranks").from(1, ranks_max).otherwise("1"),
    row("parallel", "ep", Form::count, "expert parallel ranks; 1: every rank holds all experts").from(1, ranks_max).otherwise("1"),
    row("parallel", "layout", Form::choice, "which rows of a step a router is given").one_of(router_view_names).otherwise("\"joined\""),
    row("parallel", "interleave", Form::tokens, "tokens that each context parallel rank takes in turn")
        .from(1, tokens_max)
        .otherwise("\"1 token\""),
    row("parallel", "expert_chunk", Form::tokens, "tokens of a step that the experts are given at a time; 0: all at once")
        .from(0, tokens_max)
        .otherwise("\"0 tokens\""),
    row("parallel", "micro_batches", Form::count, "parts that a step is computed in").from(1, 2).otherwise("1"),

    row("scheduler", "chunk_max", Form::tokens, "tokens of one request's prefill in a step; 0: as many as there is budget for")
        .from(0, tokens_max)
        .otherwise("\"0 tokens\""),
    row("scheduler", "whole_request_must_fit", Form::flag, "a request is admitted when the pool can hold all of it").otherwise("true"),
    row("scheduler", "steps_max", Form::count, "steps after which a run that is not done ends").from(1, steps_most).otherwise("1000000"),
    row("scheduler", "graph_sizes", Form::counts, "batch sizes that graphs are captured for, rising; smaller batches are padded to them")
        .from(1, width_max)
        .otherwise("[]"),
    row("scheduler", "dp_padding", Form::flag, "all data parallel ranks pad their batch to the largest").otherwise("false"),

    row("capture", "enabled", Form::flag, "false: as without this section").otherwise("true"),
    row("capture", "opt_in", Form::flag, "requests that do not say `routed_experts` want their rows").otherwise("true"),
    row("capture", "draft_layers", Form::count, "layers of the drafter that have routers").from(0, layer_count_max).otherwise("0"),
    row("capture", "draft_first", Form::count, "number of the first of them; the number of the target's layers when it is not there")
        .from(0, layer_count_max),
    row("capture", "router_columns", Form::count, "ids that a router gives of a token; `topk` when it is not there").from(1, small_max),
    row("capture", "router_layer", Form::count, "number of its layer as the first router says it; `dense_first` when it is not there")
        .from(-layer_count_max, layer_count_max),
    row("capture", "reader_layers", Form::count,
        "layers of a row as whoever reads rows counts them; those that it has when it is not there")
        .from(1, layer_count_max),
    row("capture", "routes_inside", Form::flag, "the expert kernel routes, and calls nobody back").otherwise("false"),
};

inline constexpr std::array request_rows{
    row("request", "id", Form::text, "name of the request: letters, digits, _ - .; copies are \"id#1\", \"id#2\", ...").needed(),
    row("request", "count", Form::count, "copies, each with a content of its own").from(1, requests_most).otherwise("1"),
    row("request", "arrival", Form::count, "step before which it arrives").from(0, steps_most).otherwise("0"),
    row("request", "every", Form::count, "steps between the arrivals of copies").from(0, steps_most).otherwise("0"),
    row("request", "rank", Form::count, "data parallel rank that it goes to; by turns when it is not there").from(0, ranks_max - 1),
    row("request", "prompt", Form::tokens, "length of the prompt").from(1, request_tokens_most).needed(),
    row("request", "decode", Form::tokens, "tokens to generate").from(0, request_tokens_most).otherwise("\"1 token\""),
    row("request", "encoder", Form::tokens, "length of its encoder's input").from(0, request_tokens_most).otherwise("\"0 tokens\""),
    row("request", "prefix", Form::text, "name of a text that it shares with requests that name it too"),
    row("request", "prefix_tokens", Form::tokens, "so many of the prompt's first tokens are of that text").from(1, request_tokens_most),
    row("request", "continues", Form::text, "id of an earlier request whose whole text, prompt and output, this prompt begins with"),
    row("request", "external", Form::tokens, "prompt tokens that are computed elsewhere and loaded")
        .from(0, request_tokens_most)
        .otherwise("\"0 tokens\""),
    row("request", "external_steps", Form::count, "steps that the load takes; 0: it is part of the request's first step")
        .from(0, steps_most)
        .otherwise("0"),
    row("request", "external_block", Form::tokens, "tokens of a block where they were computed; as here when it is not there")
        .from(1, tokens_max),
    row("request", "external_end", Form::tokens, "so many of its tokens are there, whatever is asked for; all when it is not there")
        .from(0, request_tokens_most),
    row("request", "external_fails", Form::flag, "the load brings nothing").otherwise("false"),
    row("request", "abort_at", Form::count, "step before which it is aborted").from(0, steps_most),
    row("request", "routed_experts", Form::flag, "its rows are wanted; [capture] opt_in when it is not there"),
    row("request", "accepted", Form::counts, "accepted drafts of its decoding steps, over and over; all when it is not there")
        .from(0, small_max),
    row("request", "drafted", Form::counts,
        "drafts after each of its outputs, over and over; [scheduler] draft.tokens when it is not there")
        .from(0, small_max),

    row("workload", "file", Form::text, "path of a CSV from this file's folder, one request a line; else requests are drawn"),
    row("workload", "arrivals_per_step", Form::count, "units of the file's arrival column that pass in a step")
        .from(1, steps_most)
        .otherwise("1"),
    row("workload", "requests", Form::count, "how many; of a file its first, all when it is not there").from(1, requests_most),
    row("workload", "arrival_every", Form::count, "steps between arrivals; 0: all at once").from(0, steps_most).otherwise("1"),
    row("workload", "prompt", Form::span, "lengths of prompts").from(1, request_tokens_most),
    row("workload", "decode", Form::span, "lengths of outputs").from(0, request_tokens_most).otherwise("\"1 token\""),
    row("workload", "prefixes", Form::count, "texts that requests share").from(0, small_max).otherwise("0"),
    row("workload", "prefix_tokens", Form::span, "tokens of such a text at the head of a prompt, as far as it is long")
        .from(1, request_tokens_most),
    row("workload", "share", Form::share, "of the requests, those that begin with one of the shared texts").otherwise("\"1/1\""),
    row("workload", "aborts", Form::share, "of the requests, those that are aborted").otherwise("\"0/1\""),
    row("workload", "abort_within", Form::count, "steps after its arrival in which such a request is aborted")
        .from(1, steps_most)
        .otherwise("16"),
    row("workload", "acceptance", Form::share, "chance of each draft to be accepted when those before it were").otherwise("\"1/1\""),
    row("workload", "seed", Form::count, "of what is drawn here; the scenario's when it is not there").from(0, seed_most),

    row("reset", "step", Form::count, "step before which it is asked for").from(0, steps_most).needed(),
    row("reset", "rank", Form::count, "data parallel rank; all when it is not there").from(0, ranks_max - 1),
    row("reset", "preempt_running", Form::flag, "running requests give their blocks back first").otherwise("false"),
};

template <class... Ids>
constexpr KindSet of_properties(Ids... ids) {
    return set_among(property_ids, ids...);
}

// What a finding is held against. Which figures a property has is part of the table.
inline constexpr std::array expect_rows{
    row("expect", "none", Form::flag, "true: no property is broken; stands alone"),
    row("expect", "ends", Form::choice, "how the run ends; stands without a property").one_of(run_end_names),
    row("expect", "error", Form::choice, "beside `ends`: what the engine raises").one_of(raised_names),
    row("expect", "property", Form::choice, "the property").one_of(property_ids),
    row("expect", "verdict", Form::choice, "what the property must say").one_of(verdict_names).otherwise("\"broken\""),
    row("expect", "rank", Form::count, "data parallel rank of the finding").from(0, ranks_max - 1),
    row("expect", "step", Form::count, "step of the finding").from(0, steps_most),
    row("expect", "group", Form::count, "group of the finding, from 0").from(0, layer_count_max),
    row("expect", "layer", Form::count, "first layer of the finding, from 0").from(0, layer_count_max),
    row("expect", "request", Form::text, "id of the finding's request"),
    row("expect", "count", Form::count, "how many findings of the property there are").from(1, figure_most),
    row("expect", "reported", Form::tokens, "capacity that the engine reports").from(0, figure_most).of(of_properties("capacity-true")),
    row("expect", "truth", Form::tokens, "what is really there")
        .from(0, figure_most)
        .of(of_properties("capacity-true", "hit-complete", "hit-maximal")),
    row("expect", "length", Form::tokens, "length of the requests that capacity is constructed with; model_len_max when it is not there")
        .from(1, tokens_max)
        .of(of_properties("capacity-true")),
    row("expect", "direction", Form::choice, "whether the figure is below the truth or above")
        .one_of(direction_names)
        .of(of_properties("capacity-true")),
    row("expect", "hit", Form::tokens, "prefix hit that the engine found")
        .from(0, figure_most)
        .of(of_properties("hit-complete", "hit-maximal")),
    row("expect", "slot", Form::count, "slot of the first finding; -1 is PAD")
        .from(-1, figure_most)
        .of(of_properties("slot-in-bounds", "map-agrees", "row-fresh", "pad-inert", "live-read", "xfer-match", "window-exact")),
    row("expect", "rows", Form::count, "rows: of the buffer, or that the finding is about")
        .from(0, figure_most)
        .of(of_properties("slot-in-bounds", "row-fresh", "map-agrees", "buffer-fits", "pad-inert", "layout-match", "shard-partition",
                          "xfer-match", "live-read", "id-space", "ranks-agree")),
    row("expect", "state", Form::choice, "what a reader gets in place of the row").one_of(row_state_names).of(of_properties("row-fresh")),
    row("expect", "producer", Form::text, "id of the request that wrote what is read").of(of_properties("row-fresh")),
    row("expect", "needed", Form::count, "what there had to be: rows or blocks")
        .from(0, figure_most)
        .of(of_properties("row-fresh", "buffer-fits", "layout-match", "admit-agrees", "shard-partition", "ranks-agree")),
    row("expect", "free", Form::count, "free blocks at the decision").from(0, figure_most).of(of_properties("admit-agrees")),
    row("expect", "blocks", Form::count, "blocks that the finding is about")
        .from(0, figure_most)
        .of(of_properties("block-conserved", "admit-agrees", "window-exact", "xfer-match")),
    row("expect", "page", Form::bytes, "bytes of the page that does not fit").from(0, page_max).of(of_properties("page-unified")),
    row("expect", "value", Form::count, "the id, address or column, or the block size that somebody takes")
        .from(-layer_count_max, figure_most)
        .of(of_properties("slot-in-bounds", "map-agrees", "id-space", "offset-fits", "ranks-agree")),
    row("expect", "limit", Form::count, "one past the largest that fits, or what it had to be")
        .from(1, figure_most)
        .of(of_properties("slot-in-bounds", "map-agrees", "id-space", "offset-fits", "ranks-agree")),
    row("expect", "released", Form::choice, "whether a block is released too early or too late")
        .one_of(release_time_names)
        .of(of_properties("window-exact")),
};

}  // namespace kv
