// Rows of whole hash blocks, each under the key of its tokens, as many as there is room for. What live requests refer to stays; of the rest
// what was used longest ago goes first.
#pragma once

#include "model/cache/prefix_key.h"
#include "model/capture/provenance.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace kv {

struct ObjectKey {
    PrefixKey prefix = {};
    std::int64_t generation = 0;  // One more each time that the prefix cache is reset.
    friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
};

struct RowObject {
    ObjectKey key;
    std::span<const RowTag> rows = {};
};

class ObjectStore {
public:
    ObjectStore(std::int64_t objects_max, std::int64_t object_tags);

    // In this order: `retain` gains a reference each and `release` loses one, objects that are new take their place, others give theirs up.
    // An object that is there already keeps its rows. Throws RefusedByEngine where too few may go; none of the objects is then stored.
    void put(std::span<const RowObject> objects, std::span<const ObjectKey> retain, std::span<const ObjectKey> release);

    bool holds(const ObjectKey& key) const;
    std::span<const RowTag> rows_of(const ObjectKey& key) const;  // Of one that it holds.
    void touch(const ObjectKey& key);                             // It was used just now. Nothing where it is not held.

    std::int64_t objects() const { return held_; }
    std::int64_t objects_max() const { return objects_max_; }
    std::int64_t referenced() const { return referenced_; }  // Keys, whether or not there are rows under them.

private:
    static constexpr std::int32_t none = -1;
    static constexpr std::int64_t not_held = -2, no_place = -1;
    struct Entry {
        ObjectKey key = {};
        std::int64_t references = 0;
        std::int64_t place = not_held;
        std::int32_t older = none, newer = none;  // Among those that are held.
        bool put_now = false, released_now = false;
    };
    struct Hash {
        std::size_t operator()(const ObjectKey& key) const {
            return static_cast<std::size_t>(key.prefix.low ^ mixed(static_cast<std::uint64_t>(key.generation)));
        }
    };

    Entry& at(std::int32_t entry) { return entries_[static_cast<std::size_t>(entry)]; }
    std::int32_t find(const ObjectKey& key) const;
    std::int32_t find_or_add(const ObjectKey& key);
    void remove_if_unused(std::int32_t entry);
    void link_newest(std::int32_t entry);
    void unlink(std::int32_t entry);
    void move_to_newest(std::int32_t entry);
    void drop(std::int32_t entry);
    bool evict_to_fit();
    void count_references(std::span<const ObjectKey> retain, std::span<const ObjectKey> release);
    void give_places(std::span<const RowObject> objects);

    std::int64_t objects_max_;
    std::int64_t object_tags_;
    std::int64_t held_ = 0;
    std::int64_t referenced_ = 0;
    std::int32_t oldest_ = none, newest_ = none;
    std::vector<Entry> entries_;
    std::vector<std::int32_t> free_entries_;
    std::unordered_map<ObjectKey, std::int32_t, Hash> places_;
    std::vector<RowTag> rows_;  // Grows as places are taken for the first time.
    std::vector<std::int64_t> free_places_;
    std::vector<std::int32_t> put_, released_, victims_;  // Of one call.
};

}  // namespace kv
