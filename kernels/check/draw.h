// Random numbers of a check: one seed repeats it everywhere.
#pragma once

#include "model/capture/provenance.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace kv {

class Draw {
public:
    explicit Draw(std::uint64_t seed) : state_(mixed(seed + 0x9e3779b97f4a7c15)) {}

    std::uint64_t word() { return mixed(state_ += 0x9e3779b97f4a7c15); }
    std::int64_t below(std::int64_t end) { return static_cast<std::int64_t>(word() % static_cast<std::uint64_t>(end)); }
    std::int64_t from_to(std::int64_t first, std::int64_t last) { return first + below(last - first + 1); }
    bool one_in(std::int64_t count) { return below(count) == 0; }

    template <class Value, std::size_t count>
    Value of(const Value (&values)[count]) {
        return values[static_cast<std::size_t>(below(count))];
    }

    template <class Value>
    void shuffle(std::vector<Value>& values) {
        for (std::size_t left = values.size(); left > 1; --left)
            std::swap(values[left - 1], values[static_cast<std::size_t>(below(static_cast<std::int64_t>(left)))]);
    }

private:
    std::uint64_t state_;
};

}  // namespace kv
