#include "model/cache/prefix_map.h"

#include "model/contract.h"

#include <algorithm>
#include <bit>
#include <emmintrin.h>
#include <utility>

namespace kv {

namespace {

// Bit i: lane i is equal. All eight are compared at once, so that no branch has to be guessed.
std::uint32_t equal_lanes(const std::uint32_t* lanes, std::uint32_t bits, std::uint32_t wanted) {
    const __m128i mask = _mm_set1_epi32(static_cast<int>(bits)), same = _mm_set1_epi32(static_cast<int>(wanted));
    const auto four = [&](const std::uint32_t* at) {
        const __m128i loaded = _mm_and_si128(_mm_load_si128(reinterpret_cast<const __m128i*>(at)), mask);
        return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(loaded, same))));
    };
    return four(lanes) | four(lanes + 4) << 4;
}

constexpr std::uint32_t all_entries = 0x7F;  // The eighth lane is something else.

std::size_t buckets_for(std::size_t prefixes) { return prefixes / 5 + 1; }  // Of seven entries each.

}  // namespace

PrefixMap::PrefixMap(std::uint32_t blocks) : blocks_(blocks), records_(blocks), mixed_(blocks) {
    if (blocks > 0) buckets_.resize(buckets_for(blocks));
    waiting_.fill(none);
}

PrefixMap::Place PrefixMap::find(const CachedPrefix& prefix) const {
    const std::uint32_t wanted = mixed(prefix.key, prefix.group);
    for (std::size_t bucket = home(wanted);; bucket = after(bucket)) {
        const Bucket& here = buckets_[bucket];
        for (std::uint32_t found = equal_lanes(here.mixed, ~0U, wanted) & all_entries; found != 0; found &= found - 1) {
            const auto entry = static_cast<std::size_t>(std::countr_zero(found));
            const std::uint32_t record = here.records[entry] & none;
            if (record != none && is(records_[record], prefix)) return {bucket, entry};
        }
        if (here.passed == 0) return {};
    }
}

// Of the first of a list, by its number alone: no record is looked at.
PrefixMap::Place PrefixMap::place_of(std::uint32_t record, std::uint32_t mixed) const {
    for (std::size_t bucket = home(mixed);; bucket = after(bucket)) {
        const std::uint32_t found = equal_lanes(buckets_[bucket].records, none, record) & all_entries;
        if (found != 0) return {bucket, static_cast<std::size_t>(std::countr_zero(found))};
        if (buckets_[bucket].passed == 0) return {};
    }
}

void PrefixMap::enter(std::uint32_t record, std::uint32_t mixed) {
    for (std::size_t bucket = home(mixed);; bucket = after(bucket)) {
        Bucket& here = buckets_[bucket];
        const std::uint32_t free = equal_lanes(here.records, none, none) & all_entries;
        if (free != 0) {
            const auto entry = static_cast<std::size_t>(std::countr_zero(free));
            here.mixed[entry] = mixed;
            here.records[entry] = record;
            return;
        }
        ++here.passed;
    }
}

void PrefixMap::leave(Place place, std::uint32_t mixed) {
    record_at(place) = none;
    for (std::size_t bucket = home(mixed); bucket != place.bucket; bucket = after(bucket)) --buckets_[bucket].passed;
}

std::optional<BlockId> PrefixMap::first_with(const CachedPrefix& prefix) const {
    if (buckets_.empty()) return std::nullopt;
    const Place place = find(prefix);
    if (place.entry != entries_max) return block_of(buckets_[place.bucket].records[place.entry] & none);
    for (std::size_t i = 0; i < waiting_max; ++i) {
        const std::uint32_t record = waiting_[(waiting_first_ + i) % waiting_max];
        if (record != none && is(records_[record], prefix)) return block_of(record);
    }
    return std::nullopt;
}

// Whether the record was still waiting: then it is not there at all.
bool PrefixMap::cancel(std::uint32_t record) {
    static_assert(waiting_max == 16);
    const std::uint32_t found = equal_lanes(waiting_.data(), ~0U, record) | equal_lanes(waiting_.data() + 8, ~0U, record) << 8;
    if (found == 0) return false;
    waiting_[static_cast<std::size_t>(std::countr_zero(found))] = none;
    return true;
}

void PrefixMap::settle() {
    for (std::size_t i = 0; i < waiting_max; ++i) {
        std::uint32_t& record = waiting_[(waiting_first_ + i) % waiting_max];
        if (record != none) insert(record);
        record = none;
    }
}

bool PrefixMap::holds(const CachedPrefix& prefix, BlockId block) const {
    if (own(block) == prefix) return true;
    const auto more = more_.find(static_cast<std::uint32_t>(at(block)));
    return more != more_.end() && std::ranges::any_of(more->second, [&](std::uint32_t record) { return is(records_[record], prefix); });
}

void PrefixMap::insert(std::uint32_t added) {
    Record& record = records_[added];
    const CachedPrefix prefix{record.key, record.group};
    const std::uint32_t wanted = mixed(prefix.key, prefix.group);
    record.next = none;
    record.previous = added;
    // Nearly always the bucket is not full and has nothing like it.
    Bucket& here = buckets_[home(wanted)];
    const std::uint32_t free = equal_lanes(here.records, none, none) & all_entries;
    if (free != 0 && here.passed == 0 && (equal_lanes(here.mixed, ~0U, wanted) & all_entries & ~free) == 0) {
        const auto entry = static_cast<std::size_t>(std::countr_zero(free));
        here.mixed[entry] = wanted;
        here.records[entry] = added;
        ++prefixes_;
        return;
    }
    const Place place = find(prefix);
    if (place.entry == entries_max) {
        enter(added, wanted);
        if (++prefixes_ > buckets_.size() * 6) grow();
        return;
    }
    Record& first = records_[record_at(place) & none];
    record.previous = first.previous;
    records_[first.previous].next = added;
    first.previous = added;
    record_at(place) |= several;
}

void PrefixMap::erase(std::uint32_t erased, std::uint32_t mixed) {
    // Nearly always it stands alone in the bucket where its search begins.
    Bucket& here = buckets_[home(mixed)];
    if (const std::uint32_t alone = equal_lanes(here.records, ~0U, erased) & all_entries; alone != 0) {
        here.records[std::countr_zero(alone)] = none;
        --prefixes_;
        return;
    }
    const Place place = place_of(erased, mixed);
    if (place.entry == entries_max) return erase_later(erased);
    if ((record_at(place) & several) == 0) {
        leave(place, mixed);
        --prefixes_;
        return;
    }
    const Record& record = records_[erased];
    Record& next = records_[record.next];
    next.previous = record.previous;
    record_at(place) = record.next | (next.next != none ? several : 0);
}

void PrefixMap::erase_later(std::uint32_t erased) {
    const Record& record = records_[erased];
    const Place place = find({record.key, record.group});
    require(place.entry != entries_max, "a record that is not the first of its list follows another");
    const std::uint32_t first = record_at(place) & none;
    records_[record.previous].next = record.next;
    if (record.next != none) records_[record.next].previous = record.previous;
    else records_[first].previous = record.previous;
    record_at(place) = first | (records_[first].next != none ? several : 0);
}

void PrefixMap::grow() {
    const std::vector<Bucket> old = std::exchange(buckets_, std::vector<Bucket>(buckets_.size() * 2));
    for (const Bucket& bucket : old)
        for (std::size_t i = 0; i < entries_max; ++i)
            if ((bucket.records[i] & none) != none) enter(bucket.records[i], bucket.mixed[i]);
}

void PrefixMap::insert_own(BlockId block, const CachedPrefix& prefix, std::int32_t tokens) {
    Record& record = records_[at(block)];
    record.key = prefix.key;
    record.group = prefix.group;
    record.tokens_or_block = tokens;
    mixed_[at(block)] = mixed(prefix.key, prefix.group);
    fetch(block);
    std::uint32_t& oldest = waiting_[waiting_first_];
    if (oldest != none) insert(oldest);
    oldest = static_cast<std::uint32_t>(at(block));
    waiting_first_ = (waiting_first_ + 1) % waiting_max;
}

void PrefixMap::insert_more(BlockId block, const CachedPrefix& prefix) {
    settle();
    std::uint32_t added = 0;
    if (free_records_.empty()) {
        added = static_cast<std::uint32_t>(records_.size());
        require(added < none, "records are numbered with 31 bits");
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

std::vector<CachedPrefix> PrefixMap::keys_of(BlockId block) const {
    std::vector<CachedPrefix> keys{own(block)};
    if (const auto more = more_.find(static_cast<std::uint32_t>(at(block))); more != more_.end())
        for (const std::uint32_t record : more->second) keys.push_back({records_[record].key, records_[record].group});
    return keys;
}

void PrefixMap::drop_all(BlockId block) {
    if (!cancel(static_cast<std::uint32_t>(at(block)))) erase(static_cast<std::uint32_t>(at(block)), mixed_[at(block)]);
    if (more_.empty()) return;
    const auto more = more_.find(static_cast<std::uint32_t>(at(block)));
    if (more == more_.end()) return;
    for (const std::uint32_t record : more->second) {
        erase(record, mixed(records_[record].key, records_[record].group));
        free_records_.push_back(record);
    }
    more_.erase(more);
}

void PrefixMap::clear() {
    records_.resize(blocks_);
    std::ranges::fill(buckets_, Bucket{});
    waiting_.fill(none);
    free_records_.clear();
    more_.clear();
    prefixes_ = 0;
}

std::size_t PrefixMap::bytes() const {
    return records_.capacity() * sizeof(Record) + mixed_.capacity() * sizeof mixed_[0] + buckets_.capacity() * sizeof(Bucket);
}

}  // namespace kv
