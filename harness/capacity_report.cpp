#include "harness/capacity_report.h"

#include "harness/capacity_pool.h"
#include "harness/plan_file.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kv {

namespace {

// Requests that fill a pool share nothing, and whether a hit would be right is not asked.
bool is_about_prefixes(const Slot& slot) {
    constexpr std::array<std::string_view, 8> ids{"hit-search",    "hit-adoption",  "state-marks",   "states-written",
                                                  "padded-states", "cached-blocks", "common-prefix", "zeroed-blocks"};
    return std::ranges::find(ids, slot.id) != ids.end();
}

bool same_rules(const Engine& one, const Engine& other, bool (*asked)(SlotArea)) {
    return std::ranges::all_of(slots(), [&](const Slot& slot) {
        return !asked(slot.area) || is_about_prefixes(slot) || slot.rule_of(one) == slot.rule_of(other);
    });
}

bool same_holding(const Engine& one, const Engine& other) {
    return same_rules(one, other, [](SlotArea area) { return area == SlotArea::holding; });
}

// Rules that differ may come to the same plan.
bool same_plan(const CapacityPool& one, const CapacityPool& other) {
    const auto same_group = [](const GroupUse& left, const GroupUse& right) {
        return left.spec == right.spec && left.layers == right.layers && left.bundle == right.bundle;
    };
    const auto same_point = [](const CapacityPoint& left, const CapacityPoint& right) {
        const auto* mine = std::get_if<CapacityTruth>(&left.outcome);
        const auto* its = std::get_if<CapacityTruth>(&right.outcome);
        return left.length == right.length && mine != nullptr && its != nullptr && *mine == *its;
    };
    return !one.refusal && !other.refusal && one.model_len_max == other.model_len_max && one.blocks == other.blocks &&
           one.block_bytes == other.block_bytes && one.memory == other.memory && one.assumed == other.assumed &&
           std::ranges::equal(one.groups, other.groups, same_group) && std::ranges::equal(one.curve, other.curve, same_point);
}

// Two engines that make the same plan and hand out the same blocks: they may differ in what they say, in where a token's slot is, and in
// what is captured.
bool same_pool(const Engine& one, const Engine& other) {
    return same_rules(one, other,
                      [](SlotArea area) { return area == SlotArea::plan || area == SlotArea::holding || area == SlotArea::serving; });
}

bool same_capacity(const Engine& one, const Engine& other) {
    return same_pool(one, other) && same_rules(one, other, [](SlotArea area) { return area == SlotArea::saying; });
}

bool touches(const Patch& patch, std::string_view slot) {
    return std::ranges::any_of(patch.replacements, [&](const Patch::Replacement& replaced) { return replaced.slot == slot; });
}

AskedEngine spelled(const std::string& spelling) { return {spelling, std::get<Engine>(engine_spelled(spelling))}; }

JudgedFigure judged(const CapacityPool& pool, Tokens truth, Tokens reported, double tolerance) {
    const auto widened = static_cast<std::int64_t>(static_cast<double>(truth.value) * tolerance);
    return {.truth = truth,
            .bound = std::max(pool.grain, Tokens{widened}),
            .judgement = judge_capacity(reported, truth, pool.grain, tolerance)};
}

class Answering {
public:
    Answering(const CapacityModel& model, const CapacityQuestion& question)
        : model_(model), answer_{.model = model.name, .question = question, .pools = {}, .rows = {}} {}

    std::optional<Diagnostic> ask(const AskedEngine& asked) {
        CapacityRow row{.engine = asked.spelling};
        auto under = model_under(model_, asked.engine, answer_.question.knobs);
        if (auto* unavailable = std::get_if<Unavailable>(&under)) {
            row.unavailable = std::move(*unavailable);
            answer_.rows.push_back(std::move(row));
            return std::nullopt;
        }
        const auto& model = std::get<ModelFile>(under);
        const auto planned = plan_file(asked.engine, model);
        if (const auto* wrong = std::get_if<Diagnostic>(&planned)) return *wrong;
        const auto& plan = std::get<PlannedFile>(planned);
        try {
            row.pool = pool_of(asked, model, plan);
            say(row, plan);
        } catch (const SizeOverflow& overflow) {
            Diagnostic wrong = model.model_place;
            wrong.message = std::string("what fits of this model is too large to be counted: ") + overflow.what();
            return wrong;
        }
        answer_.rows.push_back(std::move(row));
        return std::nullopt;
    }

    CapacityAnswer take() { return std::move(answer_); }

private:
    std::size_t pool_of(const AskedEngine& asked, const ModelFile& model, const PlannedFile& planned) {
        const auto known = std::ranges::find_if(engines_, [&](const PooledEngine& earlier) {
            return earlier.recorded_for == model.engine && same_pool(earlier.engine, asked.engine);
        });
        if (known != engines_.end()) return known->pool;
        CapacityPool made = make_pool(asked, model, planned, answer_.question);
        const auto alike = std::ranges::find_if(engines_, [&](const PooledEngine& earlier) {
            return earlier.recorded_for == model.engine && same_holding(earlier.engine, asked.engine) &&
                   same_plan(answer_.pools[earlier.pool], made);
        });
        const std::size_t pool = alike != engines_.end() ? alike->pool : answer_.pools.size();
        if (pool == answer_.pools.size()) answer_.pools.push_back(std::move(made));
        engines_.push_back({asked.engine, model.engine, pool});
        return pool;
    }

    void say(CapacityRow& row, const PlannedFile& planned) {
        const CapacityPool& pool = answer_.pools[*row.pool];
        if (const auto* refused = std::get_if<RefusedPlan>(&planned.outcome)) {
            row.refusal = refused->refusal;
            return;
        }
        const Plan& plan = std::get<Plan>(planned.outcome);
        row.refusal = plan.capacity_refusal;
        row.said = plan.capacity;
        if (const CapacityTruth* truth = pool.truth(); truth != nullptr && row.said)
            row.judged = judged(pool, truth->tokens(), row.said->reported, answer_.question.tolerance);
    }

    const CapacityModel& model_;
    CapacityAnswer answer_;
    struct PooledEngine {
        Engine engine;
        std::string recorded_for;  // Whose recording of the model it is; of a scenario file always the same.
        std::size_t pool = 0;
    };
    std::vector<PooledEngine> engines_;  // One of each table of rules.
};

}  // namespace

std::vector<AskedEngine> default_engines() {
    std::vector<AskedEngine> asked;
    for (const Engine& engine : engines()) {
        const bool told = std::ranges::any_of(asked, [&](const AskedEngine& each) { return same_capacity(each.engine, engine); });
        if (told) continue;  // It differs in what is captured only.
        asked.push_back(spelled(std::string(engine.name)));
        if (asked.size() > 1) continue;
        for (const Patch& patch : patches())
            if (touches(patch, "reported-tokens")) asked.push_back(spelled(std::string(engine.name) + '+' + std::string(patch.id)));
    }
    return asked;
}

double MemoryUse::share(Bytes MemoryUse::*part) const {
    return memory == Bytes{0} ? 0 : static_cast<double>((this->*part).value) / static_cast<double>(memory.value);
}

bool CapacityAnswer::any_answer() const {
    return std::ranges::any_of(
        rows, [](const CapacityRow& row) { return !row.unavailable || row.unavailable->by == Unavailable::Why::refused_by_engine; });
}

bool CapacityAnswer::all_true() const {
    return std::ranges::all_of(rows, [](const CapacityRow& row) { return !row.judged || row.judged->is_true(); });
}

std::variant<CapacityAnswer, Diagnostic> capacity_of(const CapacityModel& model, const std::vector<AskedEngine>& engines,
                                                     const CapacityQuestion& question) {
    Answering answering(model, question);
    for (const AskedEngine& asked : engines)
        if (const auto wrong = answering.ask(asked)) return *wrong;
    return answering.take();
}

}  // namespace kv
