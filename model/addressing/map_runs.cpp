#include "model/addressing/map_runs.h"

#include "model/addressing/map_refusals.h"
#include "model/addressing/pad_slot.h"

#include <algorithm>
#include <limits>

namespace kv {
namespace {

using Out = std::int64_t*;

// first, first + 1, ... Chunks are written whole: what is past the count, the next run overwrites. The last before `end` go one by one.
Out put_run(Out out, Out end, std::int64_t first, std::int64_t count) {
    constexpr std::int64_t chunk = 8;
    const Out stop = out + count;
    while (end - out >= chunk) {
        for (std::int64_t i = 0; i < chunk; ++i) out[i] = first + i;
        out += chunk;
        first += chunk;
        if (out >= stop) return stop;
    }
    for (; out < stop; ++first) *out++ = first;
    return out;
}

// The table's choices are taken before the loop, and what a loop reads of the table is copied: a store to `slots` could change it.
template <SlotArithmetic arithmetic>
class Mapper {
public:
    Mapper(const MapTable& table, std::span<const PositionRun> runs, std::span<std::int64_t> slots)
        : table_(table),
          address_(table.address),
          entries_(table.entries.data()),
          entry_count_(std::ssize(table.entries)),
          width_(table.width),
          own_columns_(table.bound == TableBound::own_row ? table.width : std::numeric_limits<std::int64_t>::max()),
          asks_for_all_(table.bound != TableBound::device_memory),
          runs_(runs),
          slots_(slots) {}

    std::size_t map() const {
        Out out = slots_.data();
        std::size_t mapped = ones(out);
        const Out end = end_of(mapped, out);
        for (; mapped < runs_.size(); ++mapped) {
            const PositionRun& run = runs_[mapped];
            if (out_of_range(run) || run.count > room_end() - out) refuse_run(table_, runs_, run);
            out = address_.shared() ? dealt(run, out) : whole(run, out, end);
        }
        return static_cast<std::size_t>(out - slots_.data());
    }

private:
    // A decode batch is many rows of one token: those before the first of another kind. Returns how many.
    std::size_t ones(Out& out) const {
        if (address_.shared()) return 0;
        const Mapper my = *this;
        const Divisor column_tokens = address_.column_tokens();
        const std::int64_t block = address_.block_tokens();
        const std::size_t room = std::min(runs_.size(), slots_.size());
        std::size_t done = 0;
        for (; done < room; ++done) {
            const PositionRun& run = my.runs_[done];
            if (run.count != 1 || !column_tokens.multiplies(run.first)) break;
            // A negative row counts as one past every table's last.
            const std::int64_t column = column_tokens.multiplied(run.first),
                               index = static_cast<std::uint32_t>(run.row) * my.width_ + column;
            if (index >= my.entry_count_ || column >= my.own_columns_) break;
            out[done] = first_slot(my.entries_[index]) + run.first - column * block;
        }
        out += done;
        return done;
    }

    Out whole(const PositionRun& run, Out out, Out end) const {
        const std::int64_t columns = columns_of(run);
        address_.each_stretch(run.first, run.count, [&](const Stretch& at) {
            if (at.column >= columns) refuse_run(table_, runs_, run);
            out = put_run(out, end, first_slot(entries_[run.row * width_ + at.column]) + at.offset, at.length);
        });
        return out;
    }

    Out dealt(const PositionRun& run, Out out) const {
        const std::int64_t columns = columns_of(run);
        if (run.count == 0) return out;
        if (asks_for_all_ && address_.column_of(run.first + run.count - 1) >= columns) refuse_run(table_, runs_, run);
        std::fill_n(out, run.count, pad_slot);
        address_.each_stretch(run.first, run.count, [&](const Stretch& at) {
            if (at.column >= columns) refuse_run(table_, runs_, run);
            const std::int64_t first = first_slot(entries_[run.row * width_ + at.column]) + at.offset;
            const Out stretch = out + (at.position - run.first);
            for (std::int64_t i = 0; i < at.length; ++i) stretch[i] = first + i;
        });
        return out + run.count;
    }

    std::int64_t first_slot(std::int32_t entry) const {
        const std::int64_t slot = entry * address_.block_tokens();
        return arithmetic == SlotArithmetic::exact ? slot : static_cast<std::int32_t>(slot);
    }

    static bool out_of_range(const PositionRun& run) { return (run.first | run.count | run.row) < 0 || run.first >= position_end; }

    std::int64_t columns_of(const PositionRun& run) const { return std::min(own_columns_, entry_count_ - run.row * width_); }

    Out room_end() const { return slots_.data() + slots_.size(); }

    // Where the slots of the runs from this one on end: nothing is written past the last token, for an engine may leave there what was.
    Out end_of(std::size_t first_run, Out out) const {
        std::int64_t tokens = 0;
        for (const PositionRun& run : runs_.subspan(first_run)) tokens += run.count;
        return out + std::clamp<std::int64_t>(tokens, 0, room_end() - out);
    }

    const MapTable& table_;
    const SlotAddress address_;
    const std::int32_t* const entries_;
    const std::int64_t entry_count_;
    const std::int64_t width_;
    const std::int64_t own_columns_;  // Columns that a row may use for the sake of its width.
    const bool asks_for_all_;         // Looks columns up for tokens of other ranks too.
    const std::span<const PositionRun> runs_;
    const std::span<std::int64_t> slots_;
};

}  // namespace

std::size_t map_runs(const MapTable& table, std::span<const PositionRun> runs, std::span<std::int64_t> slots) {
    return table.arithmetic == SlotArithmetic::exact ? Mapper<SlotArithmetic::exact>(table, runs, slots).map()
                                                     : Mapper<SlotArithmetic::wraps_at_32_bits>(table, runs, slots).map();
}

}  // namespace kv
