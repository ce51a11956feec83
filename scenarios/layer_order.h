// The order of a model's layers as a sentence: "10 x (5 x window, full), 2 x window".
//   order = item {"," item};  item = [N "x"] (layer id | "(" order ")")
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kv {

inline constexpr std::size_t layers_max = 16384;
inline constexpr std::size_t order_nesting_max = 16;

struct OrderError {  // Where in the sentence, in bytes.
    std::size_t offset = 0;
    std::size_t length = 1;
    std::string message;
};

// One entry a layer: its id's place in `ids`.
std::variant<std::vector<std::size_t>, OrderError> layers_in_order(std::string_view order, const std::vector<std::string_view>& ids);

// A letter or underscore, then letters, digits, "_", "-" and ".": what may be a layer's id.
bool is_layer_id(std::string_view text);

}  // namespace kv
