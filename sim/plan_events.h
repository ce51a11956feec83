// What a plan says of itself, as events: the plan with its groups, the capacity that it reports, and what is really there.
#pragma once

#include "model/capacity_truth.h"
#include "model/engine.h"
#include "model/events/event_sink.h"
#include "model/plan.h"
#include "model/settings.h"

#include <optional>
#include <span>
#include <string_view>

namespace kv {

GroupFacts group_facts(const Engine& engine, const KvSpec& spec, const Settings& settings);

// How a plan came about, beside itself.
struct PlanOrigin {
    std::string_view engine;                  // As it is spelled.
    std::span<const Bytes> memory = {};       // Of each worker; empty: nobody said.
    const ModelLayers* layers = nullptr;      // As they say what they store; none: as their groups do.
    bool checked = true;                      // The engine made sure that a request of model_len_max fits.
    std::optional<Tokens> router_block = {};  // Of a block, as whoever follows the cache's events takes it.
};

// PlanMade and each CapacityReported.
void tell_plan(const Engine& engine, const Plan& plan, const Settings& settings, const PlanOrigin& origin, EventSink& sink);
// PlanRefused. `asked` is the longest request that was asked for.
void tell_refusal(const Refusal& refusal, std::optional<Tokens> asked, EventSink& sink);
// CapacityConstructed, where there is a truth.
void tell_capacity(const Engine& engine, const CapacityCase& given, Tokens length, EventSink& sink);
// HostTierMade and HostTierFilled, where a group can be hit: of so many bytes, over all tensor parallel ranks.
void tell_host_tier(const Engine& engine, const Plan& plan, Bytes memory, std::int64_t tensor_ranks, EventSink& sink);

}  // namespace kv
