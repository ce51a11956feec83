#include "kernels/check/step_case.h"

#include "kernels/check/spelling.h"
#include "model/addressing/slot_address.h"

#include <algorithm>
#include <numeric>

namespace kv {
namespace {

constexpr std::int64_t nobody = RowOrigin::producer_max;  // Whoever routed the rows of the router's output that are no rank's.

class CaseMaker {
public:
    CaseMaker(const StepFrame& frame, Draw& draw) : frame_(frame), shape_(frame.shape), draw_(draw), speller_{frame.shape, frame.experts} {}

    StepCase make() {
        made_.before = poisoned_buffers(shape_);
        made_.expected = made_.before;
        place_requests();
        route();
        map_slots();
        choose_delta();
        fill_cache();
        const auto delta = made_.expected.delta.payload();
        made_.expected.delivered.assign(delta.begin(), delta.end());
        return std::move(made_);
    }

private:
    // Requests of a few tokens each, with blocks that nobody else has.
    void place_requests() {
        std::vector<std::int64_t> free(static_cast<std::size_t>(frame_.blocks));
        std::iota(free.begin(), free.end(), std::int64_t{0});
        if (draw_.one_in(3)) std::ranges::reverse(free);
        else if (!draw_.one_in(3)) draw_.shuffle(free);  // Else a fresh pool's: one after another.
        range_ = {.buffer_row = draw_.one_in(4) ? draw_.below(std::min<std::int64_t>(shape_.step_rows, 4)) : 0};
        std::int64_t rows_left = shape_.step_rows - range_.buffer_row;
        for (std::int64_t wanted = draw_.from_to(0, shape_.spans_max); wanted > 0 && rows_left > 0; --wanted) {
            CaseRequest request{.content = draw_.from_to(1, RowOrigin::content_max),
                                .first = draw_.one_in(3) ? 0 : draw_.below(40),
                                .count = draw_.one_in(3) ? 1 : draw_.from_to(1, rows_left)};
            if (blocks_for_all(request) > free.size()) request.first = 0;
            if (blocks_for_all(request) > free.size()) request.count = 1;
            if (blocks_for_all(request) > free.size()) break;
            for (const std::int64_t tokens : frame_.block_tokens) {
                const auto count = static_cast<std::ptrdiff_t>(blocks_for(request, tokens));
                request.blocks.emplace_back(free.end() - count, free.end());
                std::ranges::reverse(request.blocks.back());
                free.erase(free.end() - count, free.end());
            }
            rows_left -= request.count;
            range_.count += request.count;
            made_.requests.push_back(std::move(request));
        }
    }

    std::size_t blocks_for_all(const CaseRequest& request) const {
        std::size_t count = 0;
        for (const std::int64_t tokens : frame_.block_tokens) count += blocks_for(request, tokens);
        return count;
    }
    static std::size_t blocks_for(const CaseRequest& request, std::int64_t block_tokens) {
        return static_cast<std::size_t>(ceil_div(request.first + request.count, block_tokens));
    }

    // The router's output, as one of the ways to dispatch lays it out, and what of it is this rank's.
    void route() {
        std::vector<std::int64_t> counts;  // Of each rank.
        for (std::int64_t rank = 0; rank < frame_.ranks; ++rank)
            counts.push_back(rank == frame_.rank ? range_.count : draw_.below(shape_.step_rows + 1));
        const auto before = [&](std::int64_t rank) { return std::accumulate(counts.begin(), counts.begin() + rank, std::int64_t{0}); };
        const std::int64_t longest = *std::ranges::max_element(counts);
        enum class Layout : std::uint8_t { local, gathered, gathered_padded };
        const auto layout = draw_.of({Layout::local, Layout::gathered, Layout::gathered_padded});
        const auto first_of = [&](std::int64_t rank) {
            return layout == Layout::local ? 0 : layout == Layout::gathered ? before(rank) : rank * longest;
        };
        range_.first = first_of(frame_.rank);
        range_.counted_before = before(frame_.rank);
        made_.input.range = range_;

        std::vector<RowTag> tags(static_cast<std::size_t>(shape_.router_rows));
        for (std::int64_t row = 0; row < shape_.router_rows; ++row)
            tags[static_cast<std::size_t>(row)] = tag_of({.producer = nobody, .content = 1, .position = row});
        for (std::int64_t rank = 0; rank < frame_.ranks && layout != Layout::local; ++rank)
            for (std::int64_t i = 0; i < counts[static_cast<std::size_t>(rank)]; ++i)
                tags[static_cast<std::size_t>(first_of(rank) + i)] = tag_of({.producer = rank, .content = 1, .position = i});
        std::int64_t row = range_.first;
        for (const CaseRequest& request : made_.requests)
            for (std::int64_t i = 0; i < request.count; ++i)
                tags[static_cast<std::size_t>(row++)] =
                    tag_of({.producer = frame_.rank, .content = request.content, .position = request.first + i});

        made_.input.router.resize(static_cast<std::size_t>(shape_.router_rows * shape_.row_width() * bytes_of(shape_.router_type)));
        const IdBytes output{made_.input.router, shape_.router_type};
        for (std::int64_t at = 0; at < shape_.router_rows; ++at)
            speller_.spell(tags[static_cast<std::size_t>(at)], [&](std::int64_t layer, std::int64_t k, std::int64_t id) {
                output.put((layer * shape_.router_rows + at) * shape_.topk + k, id);
            });
        const IdBytes step{made_.expected.step.payload(), shape_.step_type};
        for (std::int64_t i = 0; i < range_.count; ++i)
            speller_.spell(tags[static_cast<std::size_t>(range_.first + i)], [&](std::int64_t layer, std::int64_t k, std::int64_t id) {
                made_.expected.tally.overflow_count +=
                    step.put_if_it_fits((range_.buffer_row + i) * shape_.row_width() + layer * shape_.topk + k, id);
            });
    }

    // Slots as the model's addressing gives them; where a row is expected, as a division and a remainder say it.
    void map_slots() {
        made_.input.slots.assign(static_cast<std::size_t>(shape_.group_count * shape_.step_rows), pad_slot);
        const bool others_too = draw_.one_in(4);  // Some tokens lie on another context-parallel rank.
        std::vector<bool> elsewhere(static_cast<std::size_t>(shape_.step_rows));
        for (std::size_t i = 0; others_too && i < elsewhere.size(); ++i) elsewhere[i] = draw_.one_in(4);
        const IdBytes step{made_.expected.step.payload(), shape_.step_type}, side{made_.expected.side.payload(), shape_.side_type};
        std::int64_t row = range_.buffer_row;
        for (const CaseRequest& request : made_.requests) {
            for (std::int64_t group = 0; group < shape_.group_count; ++group) {
                const auto tokens = frame_.block_tokens[static_cast<std::size_t>(group)];
                const auto& blocks = request.blocks[static_cast<std::size_t>(group)];
                SlotAddress(TokensPerBlock{tokens}).each_stretch(request.first, request.count, [&](const Stretch& stretch) {
                    for (std::int64_t i = 0; i < stretch.length; ++i) {
                        const std::int64_t token = row + stretch.position - request.first + i;
                        if (elsewhere[static_cast<std::size_t>(token)]) continue;
                        made_.input.slots[static_cast<std::size_t>(group * shape_.step_rows + token)] =
                            blocks[static_cast<std::size_t>(stretch.column)] * tokens + stretch.offset + i;
                    }
                });
            }
            const auto tokens = frame_.block_tokens[static_cast<std::size_t>(shape_.capture_group)];
            for (std::int64_t i = 0; i < request.count; ++i, ++row) {
                if (elsewhere[static_cast<std::size_t>(row)]) continue;
                const std::int64_t place = place_of(request, request.first + i, tokens);
                for (std::int64_t id = 0; id < shape_.row_width(); ++id)
                    made_.expected.tally.overflow_count +=
                        side.put_if_it_fits(place * shape_.row_width() + id, step.get(row * shape_.row_width() + id));
            }
        }
    }

    std::int64_t place_of(const CaseRequest& request, std::int64_t position, std::int64_t block_tokens) const {
        const auto& blocks = request.blocks[static_cast<std::size_t>(shape_.capture_group)];
        return blocks[static_cast<std::size_t>(position / block_tokens)] * block_tokens + position % block_tokens;
    }

    // Some requests ask for their rows of this step.
    void choose_delta() {
        const IdBytes step{made_.expected.step.payload(), shape_.step_type}, delta{made_.expected.delta.payload(), shape_.step_type};
        std::int64_t row = range_.buffer_row;
        for (const CaseRequest& request : made_.requests) {
            if (draw_.one_in(2)) {
                const bool nothing = draw_.one_in(5);  // One that has no rows in this step.
                const std::int64_t count = nothing ? 0 : request.count;
                made_.input.spans.push_back({.first_row = row, .row_count = count, .delta_row = made_.input.plan.row_count});
                for (std::int64_t id = 0; id < count * shape_.row_width(); ++id)
                    delta.put(made_.input.plan.row_count * shape_.row_width() + id, step.get(row * shape_.row_width() + id));
                made_.input.plan.row_count += count;
                ++made_.input.plan.span_count;
            }
            row += request.count;
        }
        made_.input.spans.resize(static_cast<std::size_t>(shape_.spans_max));
    }

    // A cache with the rows of one request's earlier positions among those of nobody, and where they are.
    void fill_cache() {
        made_.input.cache.assign(static_cast<std::size_t>(shape_.cache_rows * shape_.row_width() * bytes_of(shape_.side_type)),
                                 GuardedBytes::poison);
        made_.input.prefix_slots.assign(static_cast<std::size_t>(shape_.prefix_rows), pad_slot);
        if (made_.requests.empty()) return;
        const CaseRequest& request = made_.requests[static_cast<std::size_t>(draw_.below(std::ssize(made_.requests)))];
        made_.input.prefix_count = std::min(request.first, draw_.below(shape_.prefix_rows + 1));
        const bool gaps = draw_.one_in(2);
        const IdBytes cache{made_.input.cache, shape_.side_type}, prefix{made_.expected.prefix.payload(), shape_.side_type};
        const auto tokens = frame_.block_tokens[static_cast<std::size_t>(shape_.capture_group)];
        for (std::int64_t position = 0; position < made_.input.prefix_count; ++position) {
            const std::int64_t place = place_of(request, position, tokens);
            const RowTag tag = tag_of({.producer = frame_.rank, .content = request.content, .position = position});
            const bool missing = gaps && draw_.one_in(4);
            if (!missing) made_.input.prefix_slots[static_cast<std::size_t>(position)] = place;
            speller_.spell(tag, [&](std::int64_t layer, std::int64_t k, std::int64_t id) {
                const std::int64_t column = layer * shape_.topk + k;
                if (cache.put_if_it_fits(place * shape_.row_width() + column, id) == 0 && !missing)
                    prefix.put(position * shape_.row_width() + column, id);
            });
        }
    }

    const StepFrame& frame_;
    const StepShape& shape_;
    Draw& draw_;
    Speller speller_;
    RowRange range_;
    StepCase made_;
};

}  // namespace

StepFrame random_frame(Draw& draw, FrameTypes types) {
    StepFrame frame;
    StepShape& shape = frame.shape;
    const bool wide = draw.one_in(2);  // Rows of whole 16-byte lanes.
    shape.topk = wide ? 8 : draw.from_to(1, 6);
    shape.layer_count = wide ? 2 * draw.from_to(1, 3) : draw.from_to(1, 4);
    shape.shared = draw.from_to(1, 2);
    shape.router_type = draw.of({IdType::int32, IdType::int64});
    shape.side_type = draw.of({IdType::uint8, IdType::uint16, IdType::int32});
    shape.step_type = draw.one_in(2) ? shape.side_type : IdType::int32;
    if (types == FrameTypes::narrow) {
        shape.router_type = IdType::int32;
        shape.step_type = shape.side_type = IdType::uint8;
    }
    frame.experts = std::max(shape.topk, draw.of<std::int64_t>({8, 60, 128, 250, 300, 512}));
    frame.ranks = draw.from_to(1, 4);
    frame.rank = draw.below(frame.ranks);
    shape.group_count = draw.from_to(1, 3);
    shape.capture_group = draw.below(shape.group_count);
    for (std::int64_t group = 0; group < shape.group_count; ++group)
        frame.block_tokens.push_back(draw.of<std::int64_t>({1, 2, 3, 4, 8, 16, 17}));
    frame.blocks = draw.from_to(1, 90);
    shape.step_rows = draw.from_to(1, 32);
    shape.router_rows = frame.ranks * shape.step_rows;
    shape.side_rows = shape.cache_rows = frame.blocks * frame.block_tokens[static_cast<std::size_t>(shape.capture_group)];
    shape.spans_max = draw.from_to(1, 5);
    shape.delta_rows = shape.step_rows;
    shape.prefix_rows = draw.from_to(1, 12);
    return frame;
}

StepCase random_case(const StepFrame& frame, Draw& draw) { return CaseMaker(frame, draw).make(); }

}  // namespace kv
