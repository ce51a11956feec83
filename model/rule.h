// One decision of an engine: what it is called, what it means, where it comes from, how it is taken.
#pragma once

#include <string_view>

namespace kv {

template <class Signature>
struct Rule;

template <class Result, class... Args>
struct Rule<Result(Args...)> {
    std::string_view id;
    std::string_view meaning;
    std::string_view source;
    Result (*decide)(Args...);
    constexpr Result operator()(Args... args) const { return decide(args...); }
};

}  // namespace kv
