// A judge of all properties that is told events by hand.
#pragma once

#include "properties/judges.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kv::test {

inline constexpr RankId rank0{0}, rank1{1};
inline constexpr RequestId r0{0}, r1{1};
inline constexpr StepId step0{0};

// One engine of full attention and a window of 32 in blocks of 16, with a pool of ten blocks.
class Told {
public:
    Told() {
        groups_[0] = {
            .family = GroupFamily::full, .block = TokensPerBlock{16}, .layers = 4, .prefix_cacheable = true, .held_max = Blocks{4}};
        groups_[1] = {.family = GroupFamily::sliding_window,
                      .block = TokensPerBlock{16},
                      .layers = 4,
                      .prefix_cacheable = true,
                      .window = Tokens{32},
                      .held_max = Blocks{3}};
    }

    GroupFacts& group(std::size_t index) { return groups_[index]; }
    PlanMade& plan() { return plan_; }

    // Everything that is there before the first step.
    Told& begin(std::size_t groups = 1) {
        groups_.resize(groups);
        plan_.groups = groups_;
        tell(plan_);
        for (const RankId rank : {rank0, rank1}) {
            tell(PoolMade{.rank = rank, .blocks = Blocks{10}, .null_blocks = 1, .free = Blocks{9}});
            for (std::size_t group = 0; group < groups; ++group)
                tell(TableMade{.rank = rank,
                               .group = static_cast<std::int64_t>(group),
                               .rows = 4,
                               .columns = 4,
                               .block = TokensPerBlock{16},
                               .kernel_block = TokensPerBlock{16}});
        }
        return *this;
    }

    template <class Event>
    Told& tell(const Event& event) {
        judges_.see(event);
        return *this;
    }

    // A request of 64 tokens of a text of its own, or of another's.
    Told& arrive(RequestId request, std::int64_t stream = 0) {
        const std::vector<TokenRun> text{{.stream = stream > 0 ? stream : 7 + static_cast<std::int64_t>(request), .first = 0, .count = 64}};
        return tell(RequestArrived{.rank = rank0, .request = request, .prompt = Tokens{60}, .wants_rows = true, .text = text});
    }

    struct Hold {
        RequestId request{};
        std::vector<std::vector<int>> blocks = {};  // By group; 0 is the null block.
        std::int64_t computed = 0, new_tokens = 0, in_flight = 0, hit = 0;
        bool admission = true;
        std::vector<int> taken = {};
        std::int64_t free = 9;
    };
    Told& hold(const Hold& hold) {
        std::vector<Holding> held;
        for (const std::vector<int>& ids : hold.blocks) {
            Holding& holding = held.emplace_back();
            for (const int id : ids) holding.blocks.push_back(BlockId{id});
        }
        std::vector<BlockId> taken;
        for (const int id : hold.taken) taken.push_back(BlockId{id});
        return tell(BlocksAsked{.rank = rank0,
                                .request = hold.request,
                                .computed = Tokens(hold.computed),
                                .in_flight = Tokens(hold.in_flight),
                                .tokens = Tokens{60},
                                .new_tokens = Tokens(hold.new_tokens),
                                .hit = Tokens(hold.hit),
                                .admission = hold.admission,
                                .granted = true,
                                .changes = true,
                                .taken = taken,
                                .free = Blocks(hold.free),
                                .held = held});
    }

    Told& map(RequestId request, std::int64_t first, const std::vector<std::int64_t>& slots, std::int64_t group = 0) {
        const std::vector<PositionRun> runs{{.row = 0, .count = static_cast<std::int32_t>(slots.size()), .first = first}};
        const std::vector<RequestId> requests{request};
        return tell(SlotsMapped{.rank = rank0, .step = step0, .group = group, .requests = requests, .runs = runs, .slots = slots});
    }

    std::vector<Finding> found(PropertyId property) const {
        std::vector<Finding> of;
        for (const Finding& finding : judges_.findings().all())
            if (finding.property == property) of.push_back(finding);
        return of;
    }
    bool holds(PropertyId property) const { return found(property).empty(); }

private:
    std::vector<GroupFacts> groups_{2};
    PlanMade plan_{.engine = "told", .blocks = Blocks{10}, .model_len_max = Tokens{64}, .layers = 8, .scheduler_block = Tokens{16}};
    Judges judges_;
};

}  // namespace kv::test
