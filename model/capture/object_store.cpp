#include "model/capture/object_store.h"

#include "model/refusal.h"

#include <algorithm>
#include <string>

namespace kv {

ObjectStore::ObjectStore(std::int64_t objects_max, std::int64_t object_tags) : objects_max_(objects_max), object_tags_(object_tags) {
    require(objects_max > 0 && object_tags > 0, "a store has room for an object");
}

std::int32_t ObjectStore::find(const ObjectKey& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? none : found->second;
}

std::int32_t ObjectStore::find_or_add(const ObjectKey& key) {
    const auto [found, added] = places_.try_emplace(key, none);
    if (!added) return found->second;
    if (free_entries_.empty()) {
        found->second = static_cast<std::int32_t>(entries_.size());
        entries_.emplace_back();
    } else {
        found->second = free_entries_.back();
        free_entries_.pop_back();
    }
    at(found->second) = {.key = key};
    return found->second;
}

void ObjectStore::remove_if_unused(std::int32_t entry) {
    if (at(entry).references > 0 || at(entry).place != not_held) return;
    places_.erase(at(entry).key);
    free_entries_.push_back(entry);
}

void ObjectStore::link_newest(std::int32_t entry) {
    at(entry).older = newest_;
    at(entry).newer = none;
    (newest_ == none ? oldest_ : at(newest_).newer) = entry;
    newest_ = entry;
}

void ObjectStore::unlink(std::int32_t entry) {
    const Entry& gone = at(entry);
    (gone.older == none ? oldest_ : at(gone.older).newer) = gone.newer;
    (gone.newer == none ? newest_ : at(gone.newer).older) = gone.older;
}

void ObjectStore::move_to_newest(std::int32_t entry) {
    if (newest_ == entry) return;
    unlink(entry);
    link_newest(entry);
}

void ObjectStore::drop(std::int32_t entry) {
    unlink(entry);
    if (at(entry).place != no_place) free_places_.push_back(at(entry).place);
    at(entry).place = not_held;
    --held_;
}

void ObjectStore::count_references(std::span<const ObjectKey> retain, std::span<const ObjectKey> release) {
    for (const ObjectKey& key : retain)
        if (at(find_or_add(key)).references++ == 0) ++referenced_;
    for (const ObjectKey& key : release) {
        const std::int32_t entry = find(key);
        require(entry != none && at(entry).references > 0, "what is released was retained");
        if (--at(entry).references > 0) continue;
        --referenced_;
        at(entry).released_now = true;
        released_.push_back(entry);
    }
}

// What this call brings may go only where this call gave up the last reference to it.
bool ObjectStore::evict_to_fit() {
    std::int64_t excess = held_ - objects_max_;
    for (std::int32_t entry = oldest_; excess > 0 && entry != none; entry = at(entry).newer) {
        if (at(entry).references > 0 || (at(entry).put_now && !at(entry).released_now)) continue;
        victims_.push_back(entry);
        --excess;
    }
    if (excess > 0) return false;
    for (const std::int32_t victim : victims_) drop(victim);
    return true;
}

void ObjectStore::give_places(std::span<const RowObject> objects) {
    for (auto object = objects.rbegin(); object != objects.rend(); ++object) {  // Of two with one key the later one's rows count.
        const std::int32_t entry = find(object->key);
        if (entry == none || at(entry).place != no_place) continue;
        require(std::ssize(object->rows) == object_tags_, "an object is the rows of a whole block");
        if (free_places_.empty()) {
            free_places_.push_back(std::ssize(rows_) / object_tags_);
            rows_.resize(rows_.size() + static_cast<std::size_t>(object_tags_));
        }
        at(entry).place = free_places_.back();
        free_places_.pop_back();
        std::ranges::copy(object->rows, rows_.begin() + at(entry).place * object_tags_);
    }
}

void ObjectStore::put(std::span<const RowObject> objects, std::span<const ObjectKey> retain, std::span<const ObjectKey> release) {
    put_.clear();
    released_.clear();
    victims_.clear();
    count_references(retain, release);
    for (const RowObject& object : objects) {
        const std::int32_t entry = find_or_add(object.key);
        if (at(entry).put_now) continue;
        at(entry).put_now = true;
        put_.push_back(entry);
        if (at(entry).place == not_held) {
            at(entry).place = no_place;
            link_newest(entry);
            ++held_;
        } else {
            move_to_newest(entry);
        }
    }
    for (const std::int32_t entry : released_)
        if (at(entry).place != not_held) move_to_newest(entry);
    const bool fits = evict_to_fit();
    if (fits) give_places(objects);
    else
        for (const std::int32_t entry : put_)
            if (at(entry).place == no_place) drop(entry);
    for (const std::int32_t entry : put_) at(entry).put_now = false;
    for (const std::int32_t entry : released_) at(entry).released_now = false;
    // An entry may stand in several of the lists, and goes once.
    for (const auto* list : {&put_, &released_, &victims_})
        for (const std::int32_t entry : *list)
            if (find(at(entry).key) == entry) remove_if_unused(entry);
    if (!fits)
        refuse({.type = Raised::runtime_error,
                .raised_in = "BlockObjectStore.put",
                .message = "a store of " + std::to_string(objects_max_) + " objects cannot keep what is referenced and what is new",
                .figures = {objects_max_}});
}

bool ObjectStore::holds(const ObjectKey& key) const {
    const std::int32_t entry = find(key);
    return entry != none && entries_[static_cast<std::size_t>(entry)].place >= 0;
}

std::span<const RowTag> ObjectStore::rows_of(const ObjectKey& key) const {
    require(holds(key), "only what is held can be read");
    const std::int64_t place = entries_[static_cast<std::size_t>(find(key))].place;
    return std::span(rows_).subspan(static_cast<std::size_t>(place * object_tags_), static_cast<std::size_t>(object_tags_));
}

void ObjectStore::touch(const ObjectKey& key) {
    if (const std::int32_t entry = find(key); entry != none && at(entry).place >= 0) move_to_newest(entry);
}

}  // namespace kv
