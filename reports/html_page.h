// The frame of a page: head, style sheet, body.
#pragma once

#include <string>
#include <string_view>

namespace kv {

// `body` is HTML. The page needs nothing but itself.
std::string html_page(std::string_view title, std::string_view body);

std::string style_sheet();

}  // namespace kv
