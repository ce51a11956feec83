// Lists that events point into while they are told. Memory is used again, and no file makes it grow.
#pragma once

#include "model/events/event_list.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <tuple>
#include <vector>

namespace kv {

class EventLists {
public:
    template <class Item>
    std::vector<Item>& take() {
        Pool<Item>& pool = std::get<Pool<Item>>(pools_);
        if (pool.used == pool.lists.size()) pool.lists.emplace_back();
        std::vector<Item>& list = pool.lists[pool.used++];
        list.clear();
        return list;
    }
    void give_back() {
        std::apply([](auto&... pool) { (pool.give_back(), ...); }, pools_);
    }

private:
    // What is kept for the next line: so much that usual lines need no more, and that no file makes it grow.
    static constexpr std::size_t lists_kept = 64;
    static constexpr std::size_t list_bytes_kept = std::size_t{256} << 10;

    template <class Item>
    struct Pool {
        std::deque<std::vector<Item>> lists = {};  // Their addresses stay.
        std::size_t used = 0;

        void give_back() {
            for (std::size_t i = 0; i < used; ++i)
                if (lists[i].capacity() * sizeof(Item) > list_bytes_kept) lists[i] = {};
            if (lists.size() > lists_kept) lists.resize(lists_kept);
            used = 0;
        }
    };
    std::tuple<Pool<std::int64_t>, Pool<RequestId>, Pool<BlockId>, Pool<RowTag>, Pool<TokenRun>, Pool<PositionRun>, Pool<ScheduledPart>,
               Pool<GroupFacts>, Pool<WorkerFacts>, Pool<RowPart>, Pool<StateWrite>, Pool<BlockCopy>, Pool<std::vector<BlockId>>>
        pools_;
};

}  // namespace kv
