// The spelling of JSON, token by token: how far one reaches, and what is wrong where a text does not go on as it should.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

// What came last before the place where a text breaks off or goes wrong.
enum class JsonPlace { nothing, open_array, open_object, key, array_value, object_value, whole_value };

struct JsonSyntaxError {
    std::size_t offset = 0;
    std::size_t length = 1;
    std::string message;  // What was expected, and what is there.
};

// Why the text does not go on after `offset`, the end of the last good token.
JsonSyntaxError json_syntax_error(std::string_view text, std::size_t offset, JsonPlace place);

// A number that JSON does not have: NaN, Infinity, -Infinity.
struct NonFinite {
    std::size_t offset = 0;
    double value = 0;
};
// Those outside strings, each overwritten by a number of the same length, so that the rest of the text stays where it is.
std::vector<NonFinite> mask_non_finite(std::string& text);

std::size_t json_space_end(std::string_view text, std::size_t offset);
std::size_t json_number_end(std::string_view text, std::size_t offset);  // `offset` itself where no number starts.
std::size_t json_string_end(std::string_view text, std::size_t offset);  // Past the closing quote; the end of the text where there is none.

}  // namespace kv
