// A table of a page: caption, heads with their scope, and a box of its own in which it scrolls where the page is narrower.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

struct HtmlCell {
    std::string html;     // Already escaped.
    std::string classes;  // "" or names that the style sheet has.
    bool head = false;
    std::size_t columns = 1;  // That it spans.
};

HtmlCell text_cell(std::string_view text);
HtmlCell number_cell(std::string_view text);
HtmlCell head_cell(std::string_view text);  // Of a row.

class HtmlTable {
public:
    explicit HtmlTable(std::string_view caption) : caption_(caption) {}  // Text, not yet escaped.

    void head(std::vector<HtmlCell> cells);  // A line of column heads; there may be several.
    void row(std::vector<HtmlCell> cells);
    bool empty() const { return body_.empty(); }
    std::string html() const;

private:
    std::string caption_, head_, body_;
};

}  // namespace kv
