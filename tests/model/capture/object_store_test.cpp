#include "model/capture/object_store.h"

#include "tests/model/table_build.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <vector>

namespace kv::testing {
namespace {

ObjectKey key(std::uint64_t number) { return {.prefix = {.low = number, .high = 0}}; }

// The same, put down as plainly as may be: a list from the oldest to the newest, and a map of references.
struct PlainStore {
    std::size_t objects_max;
    std::list<std::pair<std::uint64_t, RowTag>> held = {};
    std::map<std::uint64_t, int> references = {};

    auto find(std::uint64_t number) {
        return std::ranges::find(held, number, [](const auto& object) { return object.first; });
    }
    void touch(std::uint64_t number) {
        if (const auto found = find(number); found != held.end()) held.splice(held.end(), held, found);
    }
    // Whether it fits.
    bool put(const std::vector<std::pair<std::uint64_t, RowTag>>& objects, const std::vector<std::uint64_t>& retain,
             const std::vector<std::uint64_t>& release) {
        for (const std::uint64_t number : retain) ++references[number];
        std::vector<std::uint64_t> last_released, added, brought;
        for (const std::uint64_t number : release)
            if (--references[number] == 0) last_released.push_back(number);
        for (const auto& [number, row] : objects) {
            brought.push_back(number);
            if (find(number) == held.end()) {
                held.emplace_back(number, row);
                added.push_back(number);
            }
            touch(number);
        }
        for (const std::uint64_t number : last_released) touch(number);
        const auto is_in = [](const std::vector<std::uint64_t>& numbers, std::uint64_t number) {
            return std::ranges::find(numbers, number) != numbers.end();
        };
        auto may_go = [&](const auto& object) {
            return references[object.first] == 0 && (!is_in(brought, object.first) || is_in(last_released, object.first));
        };
        const auto loose = static_cast<std::size_t>(std::ranges::count_if(held, may_go));
        if (held.size() > objects_max + loose) {
            std::erase_if(held, [&](const auto& object) { return is_in(added, object.first); });
            return false;
        }
        while (held.size() > objects_max) held.erase(std::ranges::find_if(held, may_go));
        return true;
    }
};

RC_GTEST_PROP(ObjectStore, HoldsWhatAPlainListHolds, ()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, 6);
    ObjectStore store(static_cast<std::int64_t>(size), 1);
    PlainStore plain{size};
    std::map<std::uint64_t, int> retained;
    std::uint64_t next = 100;
    for (int call = 0; call < 30; ++call) {
        std::vector<std::pair<std::uint64_t, RowTag>> objects;
        std::vector<std::uint64_t> retain, release;
        std::vector<RowTag> rows;
        for (auto left = *rc::gen::inRange(0, 3); left > 0; --left) {
            const auto number = *rc::gen::inRange<std::uint64_t>(0, 8);
            const bool again = std::ranges::any_of(objects, [&](const auto& object) { return object.first == number; });
            if (!again) objects.emplace_back(number, RowTag{next++});
        }
        for (auto left = *rc::gen::inRange(0, 3); left > 0; --left) {
            retain.push_back(*rc::gen::inRange<std::uint64_t>(0, 8));
            ++retained[retain.back()];
        }
        for (auto left = *rc::gen::inRange(0, 4); left > 0; --left) {
            const auto number = *rc::gen::inRange<std::uint64_t>(0, 8);
            if (retained[number] == 0) continue;
            release.push_back(number);
            --retained[number];
        }
        std::vector<RowObject> given;
        std::vector<ObjectKey> retain_keys, release_keys;
        for (const auto& object : objects) given.push_back({key(object.first), std::span(&object.second, 1)});
        for (const std::uint64_t number : retain) retain_keys.push_back(key(number));
        for (const std::uint64_t number : release) release_keys.push_back(key(number));
        const bool fits = plain.put(objects, retain, release);
        RC_ASSERT(refusal_of([&] { store.put(given, retain_keys, release_keys); }).has_value() != fits);
        const auto touched = *rc::gen::inRange<std::uint64_t>(0, 8);
        store.touch(key(touched));
        plain.touch(touched);
        RC_ASSERT(store.objects() == std::ssize(plain.held));
        RC_ASSERT(store.referenced() == std::ranges::count_if(retained, [](const auto& entry) { return entry.second > 0; }));
        for (std::uint64_t number = 0; number < 8; ++number) {
            const auto found = plain.find(number);
            RC_ASSERT(store.holds(key(number)) == (found != plain.held.end()));
            if (found != plain.held.end()) RC_ASSERT(store.rows_of(key(number)).front() == found->second);
        }
    }
}

TEST(ObjectStore, KeepsGenerationsApart) {
    ObjectStore store(2, 1);
    const RowTag old_row{7}, new_row{8};
    const ObjectKey old_key = key(1);
    ObjectKey new_key = old_key;
    new_key.generation = 1;
    store.put(std::vector<RowObject>{{old_key, std::span(&old_row, 1)}}, {}, {});
    EXPECT_FALSE(store.holds(new_key));
    store.put(std::vector<RowObject>{{new_key, std::span(&new_row, 1)}}, {}, {});
    EXPECT_EQ(store.rows_of(old_key).front(), old_row);
    EXPECT_EQ(store.rows_of(new_key).front(), new_row);
}

TEST(ObjectStore, StoresNothingOfACallThatDoesNotFit) {
    ObjectStore store(1, 1);
    const RowTag row{7};
    store.put(std::vector<RowObject>{{key(1), std::span(&row, 1)}}, std::vector{key(1)}, {});
    const auto refusal = refusal_of([&] { store.put(std::vector<RowObject>{{key(2), std::span(&row, 1)}}, {}, {}); });
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->type, Raised::runtime_error);
    EXPECT_TRUE(store.holds(key(1)));
    EXPECT_FALSE(store.holds(key(2)));
    store.put(std::vector<RowObject>{{key(2), std::span(&row, 1)}}, {}, std::vector{key(1)});
    EXPECT_FALSE(store.holds(key(1))) << "what was released may go at once";
    EXPECT_TRUE(store.holds(key(2)));
}

}  // namespace
}  // namespace kv::testing
