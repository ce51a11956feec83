#include "model/refusal.h"

#include <array>
#include <utility>

namespace kv {

std::string_view name_of(Raised raised) {
    constexpr std::array<std::string_view, 12> names{
        "ValueError", "AssertionError", "NotImplementedError", "ZeroDivisionError", "TypeError",    "StopIteration",
        "KeyError",   "IndexError",     "AttributeError",      "ImportError",       "RuntimeError", "memory fault"};
    return names[static_cast<std::size_t>(raised)];
}

void refuse(Refusal refusal) { throw RefusedByEngine{std::move(refusal)}; }

}  // namespace kv
