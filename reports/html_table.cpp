#include "reports/html_table.h"

#include "reports/quoting.h"

#include <fmt/format.h>

namespace kv {
namespace {

std::string cell_html(const HtmlCell& cell, std::string_view scope) {
    const std::string_view tag = cell.head ? "th" : "td";
    std::string out = fmt::format("<{}", tag);
    if (cell.head) out += fmt::format(" scope=\"{}\"", scope);
    if (!cell.classes.empty()) out += fmt::format(" class=\"{}\"", cell.classes);
    if (cell.columns > 1) out += fmt::format(" colspan=\"{}\"", cell.columns);
    return out + fmt::format(">{}</{}>", cell.html, tag);
}

std::string row_html(const std::vector<HtmlCell>& cells, std::string_view scope) {
    std::string out = "<tr>";
    for (const HtmlCell& cell : cells) out += cell_html(cell, cell.columns > 1 && scope == "col" ? "colgroup" : scope);
    return out + "</tr>\n";
}

}  // namespace

HtmlCell text_cell(std::string_view text) { return {.html = html_text(text)}; }
HtmlCell number_cell(std::string_view text) { return {.html = html_text(text), .classes = "n"}; }
HtmlCell head_cell(std::string_view text) { return {.html = html_text(text), .head = true}; }

void HtmlTable::head(std::vector<HtmlCell> cells) {
    for (HtmlCell& cell : cells) cell.head = true;
    head_ += row_html(cells, "col");
}

void HtmlTable::row(std::vector<HtmlCell> cells) { body_ += row_html(cells, "row"); }

std::string HtmlTable::html() const {
    const std::string caption = html_text(caption_);
    return fmt::format(
        "<div class=\"wide\" role=\"region\" aria-label=\"{0}\" "
        "tabindex=\"0\"><table>\n<caption><span>{0}</span></caption>\n<thead>\n{1}</thead>\n"
        "<tbody>\n{2}</tbody>\n</table></div>\n",
        caption, head_, body_);
}

}  // namespace kv
