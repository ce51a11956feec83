// The capacity that is reported because it is what fits: counted as the experiment in sim/ constructs it.
#include "model/capacity_count.h"
#include "model/overload.h"
#include "model/rules/capacity.h"

#include <algorithm>
#include <string>

namespace kv {
namespace {

CapacityCase case_of(const Reporting& report) {
    const Settings& settings = report.planning.settings;
    CapacityCase given{.setup = {}, .batched_max = settings.batched_max, .encoder_tokens = longest_encoder_input(settings)};
    given.setup.blocks = report.blocks;
    given.setup.model_len_max = settings.model_len_max;
    given.setup.decode_context = settings.parallel.decode_context;
    given.setup.prefill_context = settings.parallel.prefill_context;
    // A bundle has one block table, which its first layer stands for. A group of which this worker holds no layer takes blocks too.
    for (const Group& group : report.groups) given.setup.groups.push_back({.spec = report.planning.spec(specs_of(group).front())});
    return given;
}

[[noreturn]] void refuse_capacity(std::string message) {
    refuse({.type = Raised::value_error, .raised_in = "constructed capacity", .message = std::move(message)});
}

CapacityTruth constructed(const Reporting& report) {
    const CapacityCase given = case_of(report);
    if (given.setup.model_len_max < Tokens{1} || given.batched_max < Tokens{1}) refuse_capacity("no request has a token");
    CapacityOutcome outcome = count_planned_capacity(report.planning.engine, given, given.setup.model_len_max);
    if (const auto* none = std::get_if<NoTruth>(&outcome)) refuse_capacity("there is no capacity to construct: " + std::string(none->why));
    if (auto* refusal = std::get_if<Refusal>(&outcome)) refuse(std::move(*refusal));
    return std::get<CapacityTruth>(std::move(outcome));
}

}  // namespace

double concurrency_constructed(const Reporting& report) { return constructed(report).concurrency(); }

Tokens tokens_constructed(const Reporting& report, double) { return constructed(report).tokens(); }

}  // namespace kv
