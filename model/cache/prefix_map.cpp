#include "model/cache/prefix_map.h"

#include "model/contract.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace kv {

PrefixMap::PrefixMap(std::uint32_t blocks) : blocks_(blocks), records_(blocks) {
    if (blocks == 0) return;
    table_.resize(std::bit_ceil(std::size_t{blocks} * 2));
    mask_ = table_.size() - 1;
}

std::size_t PrefixMap::find(const CachedPrefix& prefix) const {
    const std::uint32_t wanted = tag(prefix);
    std::size_t place = home(prefix);
    while (table_[place].record != none) {
        if (table_[place].tag == wanted && is(records_[table_[place].record], prefix)) return place;
        place = (place + 1) & mask_;
    }
    return place;
}

std::optional<BlockId> PrefixMap::first_with(const CachedPrefix& prefix) const {
    if (table_.empty()) return std::nullopt;
    const Place& place = table_[find(prefix)];
    if (place.record == none) return std::nullopt;
    return block_of(place.record);
}

bool PrefixMap::holds(const CachedPrefix& prefix, BlockId block) const {
    if (has_own(block) && own(block) == prefix) return true;
    const auto more = more_.find(static_cast<std::uint32_t>(at(block)));
    return more != more_.end() && std::ranges::any_of(more->second, [&](std::uint32_t record) { return is(records_[record], prefix); });
}

void PrefixMap::insert(std::uint32_t added) {
    Record& record = records_[added];
    const CachedPrefix prefix{record.key, record.group};
    Place& place = table_[find(prefix)];
    record.next = none;
    if (place.record == none) {
        record.previous = added;
        place = {tag(prefix), added};
        if (++prefixes_ * 4 > table_.size() * 3) grow();
        return;
    }
    Record& first = records_[place.record];
    record.previous = first.previous;
    records_[first.previous].next = added;
    first.previous = added;
}

void PrefixMap::erase(std::uint32_t erased) {
    Record& record = records_[erased];
    if (records_[record.previous].next == none) {  // It is the first: its `previous` is the last.
        const std::size_t place = find({record.key, record.group});
        ensure(table_[place].record == erased, "the first of a list is the one that the table names");
        if (record.next == none) {
            close_gap(place);
            --prefixes_;
        } else {
            table_[place].record = record.next;
            records_[record.next].previous = record.previous;
        }
    } else {
        records_[record.previous].next = record.next;
        if (record.next != none) {
            records_[record.next].previous = record.previous;
        } else {
            const std::size_t place = find({record.key, record.group});
            records_[table_[place].record].previous = record.previous;
        }
    }
    record = Record{};
}

// What follows a removed place moves up unless it already stands where its search begins or later.
void PrefixMap::close_gap(std::size_t place) {
    std::size_t next = place;
    for (;;) {
        table_[place].record = none;
        for (;;) {
            next = (next + 1) & mask_;
            if (table_[next].record == none) return;
            const Record& record = records_[table_[next].record];
            const std::size_t wanted = home({record.key, record.group});
            if (((next - wanted) & mask_) >= ((next - place) & mask_)) break;
        }
        table_[place] = table_[next];
        place = next;
    }
}

void PrefixMap::grow() {
    const std::vector<Place> old = std::exchange(table_, std::vector<Place>(table_.size() * 2));
    mask_ = table_.size() - 1;
    for (const Place& each : old) {
        if (each.record == none) continue;
        const Record& record = records_[each.record];
        std::size_t place = home({record.key, record.group});
        while (table_[place].record != none) place = (place + 1) & mask_;
        table_[place] = each;
    }
}

void PrefixMap::insert_own(BlockId block, const CachedPrefix& prefix, std::int32_t tokens) {
    Record& record = records_[at(block)];
    require(record.group == unused, "a block gets its own key once");
    record.key = prefix.key;
    record.group = prefix.group;
    record.tokens_or_block = tokens;
    insert(static_cast<std::uint32_t>(at(block)));
}

void PrefixMap::insert_more(BlockId block, const CachedPrefix& prefix) {
    std::uint32_t added = 0;
    if (free_records_.empty()) {
        added = static_cast<std::uint32_t>(records_.size());
        records_.emplace_back();
    } else {
        added = free_records_.back();
        free_records_.pop_back();
    }
    records_[added].key = prefix.key;
    records_[added].group = prefix.group;
    records_[added].tokens_or_block = static_cast<std::int32_t>(block);
    more_[static_cast<std::uint32_t>(at(block))].push_back(added);
    insert(added);
}

std::vector<CachedPrefix> PrefixMap::remove_all(BlockId block) {
    std::vector<CachedPrefix> removed;
    if (has_own(block)) removed.push_back(own(block));
    if (const auto more = more_.find(static_cast<std::uint32_t>(at(block))); more != more_.end())
        for (const std::uint32_t record : more->second) removed.push_back({records_[record].key, records_[record].group});
    drop_all(block);
    return removed;
}

void PrefixMap::drop_all(BlockId block) {
    if (has_own(block)) erase(static_cast<std::uint32_t>(at(block)));
    if (more_.empty()) return;
    const auto more = more_.find(static_cast<std::uint32_t>(at(block)));
    if (more == more_.end()) return;
    for (const std::uint32_t record : more->second) {
        erase(record);
        free_records_.push_back(record);
    }
    more_.erase(more);
}

void PrefixMap::clear() {
    records_.assign(blocks_, Record{});
    std::ranges::fill(table_, Place{});
    free_records_.clear();
    more_.clear();
    prefixes_ = 0;
}

std::size_t PrefixMap::bytes() const { return records_.capacity() * sizeof(Record) + table_.capacity() * sizeof(Place); }

}  // namespace kv
