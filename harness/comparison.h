// Collects the fields in which a recorded answer and ours differ, each field once, with its path in the record.
#pragma once

#include "harness/conform.h"
#include "model/units.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

std::string value_text(std::int64_t value);
std::string value_text(std::size_t value);
std::string value_text(double value);  // Shortest that reads back as the same double.
std::string value_text(bool value);
std::string value_text(const std::string& value);
template <class Unit>
std::string value_text(Count<Unit> value) {
    return value_text(value.value);
}
template <class Top, class Bottom>
std::string value_text(Rate<Top, Bottom> value) {
    return value_text(value.value);
}
template <class T>
std::string value_text(const std::optional<T>& value) {
    return value ? value_text(*value) : "absent";
}

class Comparison {
public:
    // While it lives, paths are below this key, or below this element of it.
    class Scope {
    public:
        Scope(Comparison& comparison, std::string_view key);
        Scope(Comparison& comparison, std::string_view key, std::size_t index);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        Comparison& comparison_;
        std::size_t field_size_;
        std::size_t at_size_;
    };

    template <class T>
    void value(std::string_view key, const T& recorded, const T& ours) {
        if (!(recorded == ours)) differ(key, value_text(recorded), value_text(ours));
    }

    // Lists are shown from their first difference on.
    void list(std::string_view key, const std::vector<std::string_view>& recorded, const std::vector<std::string_view>& ours);

    // Whether two lists can be compared element by element; if not, that is the difference.
    bool same_size(std::string_view key, std::size_t recorded, std::size_t ours);

    // An empty key is the scope itself.
    void differ(std::string_view key, std::string recorded, std::string ours);

    const std::vector<FieldDifference>& differences() const { return differences_; }

private:
    std::string field_;
    std::string at_;
    std::vector<FieldDifference> differences_;
};

}  // namespace kv
