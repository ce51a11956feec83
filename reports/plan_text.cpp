#include "reports/plan_text.h"

#include "reports/numbers.h"
#include "reports/plan_words.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace kv {
namespace {

constexpr std::size_t name_shown_max = 60;
constexpr std::size_t ids_shown_max = 24;
constexpr std::size_t ranges_shown_max = 30;
constexpr std::size_t refusal_shown_max = 400;
constexpr std::size_t workers_shown_max = 16;

std::string changed(const std::string& before, const std::string& after) { return before == after ? after : before + " -> " + after; }

std::string block_words(const KvSpec& spec) { return grouped(block_of(spec).value); }

// Memory of each worker, or of all when they have the same.
std::string memory_words(const std::vector<Bytes>& memory) {
    const std::string workers = counted(static_cast<std::int64_t>(memory.size()), "worker", "workers");
    if (std::ranges::count(memory, memory.front()) == static_cast<std::ptrdiff_t>(memory.size()))
        return both(memory.front()) + (memory.size() > 1 ? " on each of " : " on ") + workers;
    std::string out = "on " + workers + ": ";
    for (std::size_t i = 0; i < memory.size() && i < workers_shown_max; ++i) out += (i == 0 ? "" : ", ") + human(memory[i]);
    return out + (memory.size() > workers_shown_max ? ", ..." : "");
}

std::string header_text(const ModelFile& model, const PlannedFile& planned, Color color) {
    const Settings& settings = model.settings;
    std::string out = bold(shortened(model.name, name_shown_max) + " on " + std::string(planned.engine.name), color) + '\n';
    for (const ReplacedRule& rule : replaced_rules(planned.engine)) out += key_line("with", fmt::format("{} = {}", rule.slot, rule.rule));
    if (model.memory.empty()) return out;  // The engine refused before there was anything to plan.
    out += key_line("memory", memory_words(model.memory));
    if (!model.assumed.empty()) out += key_line("assumed", model.assumed);
    std::string length = grouped(planned.model_len_max.value) + " tokens";
    if (settings.length == LengthChoice::fitted_to_memory)
        length = std::holds_alternative<Plan>(planned.outcome)
                     ? length + ", fitted to the memory; " + grouped(settings.model_len_max.value) + " were asked for"
                     : "at most " + length + ", to be fitted to the memory";
    out += key_line("longest request", length);
    out += key_line("a step", fmt::format("{} tokens, {} requests", grouped(settings.batched_max.value), grouped(settings.sequences_max)));
    const Parallel& parallel = settings.parallel;
    if (parallel.tensor * parallel.pipeline * parallel.context() > 1)
        out += key_line("parallel", fmt::format("tp {}, pp {}, dcp {}, pcp {}", parallel.tensor, parallel.pipeline, parallel.decode_context,
                                                parallel.prefill_context));
    if (settings.blocks_override) out += key_line("blocks override", grouped(settings.blocks_override->value));
    if (settings.drafting.method)
        out += key_line("drafts",
                        fmt::format("{}, {} tokens a step", shortened(*settings.drafting.method, ids_shown_max), settings.drafting.tokens));
    return out;
}

std::string page_words(const PlannedSpec& row) {
    if (!row.page) return row.page_refusal ? "refused" : "";
    return row.page_real && row.page_real != row.page ? grouped(row.page_real->value) + " -> " + grouped(row.page->value)
                                                      : grouped(row.page->value);
}

std::string specs_text(const PlannedFile& planned, Color color) {
    std::int64_t layers = 0;
    std::string refusals;
    TextTable table({{"layer"},
                     {"kind"},
                     {"block", Align::right},
                     {"heads x size"},
                     {"dtype"},
                     {"page, bytes", Align::right},
                     {"layers", Align::right}});
    for (const PlannedSpec& row : planned.specs) {
        layers += static_cast<std::int64_t>(row.layers);
        std::string ids;
        for (const std::string& id : row.layer_ids) ids += (ids.empty() ? "" : ", ") + id;
        const KvSpec& after = row.planned ? *row.planned : row.given;
        const bool other_kind = kind_of(after) != kind_of(row.given);
        table.add({shortened(ids, ids_shown_max), other_kind ? changed(kind_words(row.given), kind_words(after)) : kind_words(row.given),
                   changed(block_words(row.given), block_words(after)), shape_words(row.given), dtype_words(row.given), page_words(row),
                   grouped(static_cast<std::int64_t>(row.layers))});
        if (row.page_refusal)
            refusals += key_line("refused", shortened(ids, ids_shown_max) + ": " + shortened(row.page_refusal->message, refusal_shown_max));
    }
    return '\n' + bold(counted(layers, "layer", "layers"), color) + '\n' + table.text("  ", color) + refusals;
}

std::string waste_words(const PlannedGroup& group) {
    const Bytes waste = group.taken_per_block - group.real_per_block;
    if (group.taken_per_block == Bytes{0}) return "-";
    return waste == Bytes{0} ? "0" : grouped(waste.value) + " (" + percent(waste.value, group.taken_per_block.value) + ')';
}

std::string groups_text(const PlannedFile& planned, Color color) {
    if (planned.groups.empty()) return {};
    TextTable table(
        {{"#", Align::right}, {"kind"}, {"block", Align::right}, {"layers"}, {"held max", Align::right}, {"padding, bytes", Align::right}});
    for (std::size_t i = 0; i < planned.groups.size(); ++i) {
        const PlannedGroup& group = planned.groups[i];
        std::string kind = group.bundle ? "several pages" : kind_words(group.spec);
        if (group.draft) kind += ", drafts";
        table.add({std::to_string(i), kind, block_words(group.spec),
                   fmt::format("{}: {}", group.layers.size(), layer_ranges(group.layers, ranges_shown_max)),
                   group.held_max ? grouped(group.held_max->value) : "-", waste_words(group)});
    }
    std::string out = '\n' + bold(counted(std::ssize(planned.groups), "group", "groups"), color) + '\n' + table.text("  ", color);
    if (planned.held_max)
        out += fmt::format("  one request of {} tokens holds at most {}\n", grouped(planned.model_len_max.value),
                           counted(planned.held_max->value, "block", "blocks"));
    return out;
}

std::string concurrency_words(const Capacity& capacity, const PlannedFile& planned) {
    std::string out =
        fmt::format("{:.2f}x for {} tokens ({})", capacity.concurrency, grouped(planned.model_len_max.value), capacity.concurrency);
    if (planned.concurrent_tokens) out += fmt::format(", together {} tokens", grouped(planned.concurrent_tokens->value));
    return out;
}

std::string side_buffer_words(const SideBuffer& buffer) {
    std::string out = grouped(buffer.rows.value) + " rows";
    if (buffer.capture_group) out += ", addressed through group " + std::to_string(*buffer.capture_group);
    if (buffer.rows_per_object) out += ", " + grouped(buffer.rows_per_object->value) + " in each object";
    return out;
}

std::string tensors_text(const WorkerPlan& worker) {
    constexpr std::size_t runs_shown_max = 8;
    const std::vector<TensorRun> runs = tensor_runs(worker.tensors);
    std::string out;
    for (std::size_t i = 0; i < runs.size() && i < runs_shown_max; ++i)
        for (const std::string& line : tensor_words(runs[i])) out += key_line(out.empty() ? "tensors" : "", line);
    if (runs.size() > runs_shown_max)
        out += key_line("", fmt::format("and {} other kinds of them (--format json has all)", runs.size() - runs_shown_max));
    return out;
}

std::string one_worker_text(const WorkerPlan& worker) {
    std::string out = key_line("blocks", grouped(worker.blocks.value));
    out += key_line("bytes per block", both(Bytes{worker.bytes_per_block.value}));
    out += tensors_text(worker);
    if (worker.tp_replicas > 1) out += key_line("same cache on", fmt::format("{} tensor parallel ranks", worker.tp_replicas));
    return out;
}

std::string workers_text(const ModelFile& model, const Plan& plan, Color color) {
    if (plan.workers.size() == 1) return '\n' + bold("Pool", color) + '\n' + one_worker_text(plan.workers.front());
    TextTable table({{"worker", Align::right},
                     {"layers", Align::right},
                     {"memory"},
                     {"bytes per block", Align::right},
                     {"blocks", Align::right},
                     {"reported tokens", Align::right},
                     {"concurrency", Align::right},
                     {"side buffer rows", Align::right}});
    const std::size_t shown = std::min(plan.workers.size(), workers_shown_max);
    for (std::size_t i = 0; i < shown; ++i) {
        const WorkerPlan& worker = plan.workers[i];
        table.add({std::to_string(i), grouped(std::ssize(model.layers.workers[i])), human(model.memory[i]),
                   grouped(worker.bytes_per_block.value), grouped(worker.blocks.value),
                   worker.capacity ? grouped(worker.capacity->reported.value) : "-",
                   worker.capacity ? fmt::format("{:.2f}x", worker.capacity->concurrency) : "-",
                   worker.side_buffer ? grouped(worker.side_buffer->rows.value) : "-"});
    }
    std::string out = '\n' + bold("Pools", color) + '\n' + table.text("  ", color);
    if (shown < plan.workers.size()) out += fmt::format("  and {} more workers (--format json has all)\n", plan.workers.size() - shown);
    for (std::size_t i = 0; i < shown && plan.workers.size() <= 4; ++i)
        out += key_line("on worker " + std::to_string(i), "") + tensors_text(plan.workers[i]);
    return out;
}

std::string refusal_line(const Refusal& refusal) {
    return fmt::format("{} in {}: {}", name_of(refusal.type), refusal.raised_in, shortened(refusal.message, refusal_shown_max));
}

std::string scheduler_words(const SchedulerView& scheduler) {
    std::string out;
    const auto add = [&out](std::string_view what, std::optional<Tokens> tokens) {
        if (tokens) out += (out.empty() ? "" : ", ") + std::string(what) + ' ' + grouped(tokens->value);
    };
    add("block", scheduler.block);
    add("scheduled in", scheduler.scheduler_block);
    add("hashed in", scheduler.hash_block);
    add("hits in", scheduler.hit_alignment);
    return out;
}

std::string said_text(const PlannedFile& planned, const Plan& plan, Color color) {
    std::string out = '\n' + bold("What the engine says", color) + '\n';
    if (plan.capacity) {
        out += key_line("KV cache size", grouped(plan.capacity->reported.value) + " tokens");
        out += key_line("maximum concurrency", concurrency_words(*plan.capacity, planned));
    }
    if (plan.capacity_refusal) out += key_line("capacity", red("refused", color) + ": " + refusal_line(*plan.capacity_refusal));
    if (plan.side_buffer) out += key_line("side buffer", side_buffer_words(*plan.side_buffer));
    const std::string scheduler = scheduler_words(plan.scheduler);
    if (!scheduler.empty()) out += key_line("scheduler, tokens", scheduler);
    if (plan.block_size_refusal) out += key_line("block sizes", red("refused", color) + ": " + refusal_line(*plan.block_size_refusal));
    std::string padding;
    for (const std::int64_t layers : plan.padding_layers) padding += (padding.empty() ? "" : ", ") + std::to_string(layers);
    if (!padding.empty()) out += key_line("warns of", padding + " layers of padding");
    if (plan.groups.empty()) out += key_line("", "nothing: no layer holds a cache");
    return out;
}

std::string refused_text(const Refusal& refusal, Color color) {
    std::string out = '\n' + red("Refused by the engine", color) + '\n';
    out += fmt::format("  {} in {}\n  {}\n", name_of(refusal.type), refusal.raised_in, shortened(refusal.message, refusal_shown_max));
    if (!refusal.layer.empty()) out += key_line("layer", shortened(refusal.layer, name_shown_max));
    std::string numbers;
    for (const std::int64_t figure : refusal.figures) numbers += (numbers.empty() ? "" : ", ") + grouped(figure);
    if (!numbers.empty()) out += key_line("figures", numbers);
    if (!refusal.admission) return out;
    const AdmissionFigures& figures = *refusal.admission;
    if (figures.needed) out += key_line("needed", both(*figures.needed));
    out += key_line("there are", both(figures.checked) + fmt::format(" on worker {}", figures.worker));
    if (figures.estimated_len_max)
        out += key_line("would fit", figures.estimated_len_max->value == 0
                                         ? "not even one token"
                                         : "a request of " + counted(figures.estimated_len_max->value, "token", "tokens"));
    return out;
}

}  // namespace

std::string plan_text(const ModelFile& model, const PlannedFile& planned, Color color) {
    std::string out = header_text(model, planned, color);
    if (const auto* refused = std::get_if<RefusedPlan>(&planned.outcome); refused != nullptr && model.memory.empty())
        return out + refused_text(refused->refusal, color);
    out += specs_text(planned, color) + groups_text(planned, color);
    if (const auto* refused = std::get_if<RefusedPlan>(&planned.outcome)) return out + refused_text(refused->refusal, color);
    const Plan& plan = std::get<Plan>(planned.outcome);
    return out + workers_text(model, plan, color) + said_text(planned, plan, color);
}

}  // namespace kv
