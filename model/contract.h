// What a function needs and what it promises, as code. A broken contract is a defect of kvproof itself: it stops the program at once.
#pragma once

#include <source_location>

namespace kv {

[[noreturn]] void contract_failed(const char* kind, const char* what, const std::source_location& where);

constexpr void require(bool holds, const char* what, const std::source_location& where = std::source_location::current()) {
    if (!holds) contract_failed("requires", what, where);
}

constexpr void ensure(bool holds, const char* what, const std::source_location& where = std::source_location::current()) {
    if (!holds) contract_failed("ensures", what, where);
}

}  // namespace kv
