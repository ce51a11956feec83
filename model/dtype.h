// Element types of caches and states, by the names that engines use.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kv {

enum class DType : std::uint8_t { bfloat16, float16, float32, float64, uint8, int8, int32, int64, float8_e4m3fn, float8_e5m2 };

struct DTypeText {
    std::string_view name;
    std::int64_t bytes;
};

inline constexpr std::array<DTypeText, 10> dtype_texts{{{"bfloat16", 2},
                                                        {"float16", 2},
                                                        {"float32", 4},
                                                        {"float64", 8},
                                                        {"uint8", 1},
                                                        {"int8", 1},
                                                        {"int32", 4},
                                                        {"int64", 8},
                                                        {"float8_e4m3fn", 1},
                                                        {"float8_e5m2", 1}}};

constexpr std::int64_t element_bytes(DType type) { return dtype_texts[static_cast<std::size_t>(type)].bytes; }
constexpr std::string_view name_of(DType type) { return dtype_texts[static_cast<std::size_t>(type)].name; }

constexpr std::optional<DType> dtype_named(std::string_view name) {
    for (std::size_t i = 0; i < dtype_texts.size(); ++i)
        if (dtype_texts[i].name == name) return static_cast<DType>(i);
    return std::nullopt;
}

static_assert(dtype_named("float8_e5m2") == DType::float8_e5m2 && element_bytes(DType::float8_e5m2) == 1);

}  // namespace kv
