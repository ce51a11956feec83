#include "reports/svg_inline.h"

#include "reports/palette.h"
#include "reports/quoting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace kv {
namespace {

// Takes out all that lies between two texts, with them.
std::string without(std::string text, std::string_view begin, std::string_view end) {
    for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
        const std::size_t last = text.find(end, at + begin.size());
        if (last == std::string::npos) break;
        text.erase(at, last + end.size() - at);
    }
    return text;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
    return text;
}

// "rgb( 31, 119, 180)" as "#1f77b4"; empty: something else.
std::string hexadecimal(std::string_view color) {
    std::array<int, 3> parts{};
    std::size_t at = std::string_view("rgb(").size();
    for (int& part : parts) {
        while (at < color.size() && (color[at] == ' ' || color[at] == ',')) ++at;
        const auto [end, error] = std::from_chars(color.data() + at, color.data() + color.size(), part);
        if (error != std::errc() || part < 0 || part > 255) return {};
        at = static_cast<std::size_t>(end - color.data());
    }
    return fmt::format("#{:02x}{:02x}{:02x}", parts[0], parts[1], parts[2]);
}

std::string spelled_as_hexadecimal(std::string_view svg) {
    std::string out;
    for (std::size_t at = 0; at < svg.size();) {
        const std::size_t begin = svg.find("rgb(", at);
        const std::size_t end = begin == std::string_view::npos ? begin : svg.find(')', begin);
        if (end == std::string_view::npos) return out + std::string(svg.substr(at));
        const std::string color = hexadecimal(svg.substr(begin, end - begin));
        out += svg.substr(at, begin - at);
        out += color.empty() ? std::string(svg.substr(begin, end + 1 - begin)) : color;
        at = end + 1;
    }
    return out;
}

std::string with_names_of_colors(std::string svg) {
    for (const char quote : {'"', '\''}) {
        for (const PaletteColor& color : palette())
            svg =
                replaced(std::move(svg), fmt::format("{0}{1}{0}", quote, color.light), fmt::format("{0}var(--{1}){0}", quote, color.name));
        svg = replaced(std::move(svg), fmt::format("{0}black{0}", quote), fmt::format("{0}var(--ink){0}", quote));
        svg = replaced(std::move(svg), fmt::format("{0}#FFFFFF{0}", quote), fmt::format("{0}var(--page){0}", quote));
    }
    return svg;
}

// gnuplot opens a group of lines for every change of its pen; most stay empty.
std::string without_empty_groups(const std::string& svg) {
    std::string out, held;
    std::size_t at = 0;
    while (at < svg.size()) {
        const std::size_t end = std::min(svg.find('\n', at), svg.size());
        const std::string line = svg.substr(at, end - at);
        at = end + 1;
        const std::string_view trimmed = std::string_view(line).substr(std::min(line.find_first_not_of(" \t"), line.size()));
        if (trimmed.empty()) continue;
        if (trimmed == "</g>" && !held.empty()) {
            held.clear();
            continue;
        }
        out += held;
        held.clear();
        const bool opens =
            trimmed.starts_with("<g fill=\"none\"") && trimmed.find("<g", 1) == std::string_view::npos && trimmed.ends_with('>');
        (opens ? held : out) += std::string(trimmed) + '\n';
    }
    return out + held;
}

// A tag between its angle brackets. Texts of the plot never come here, whatever they spell.
std::string tag_for_page(std::string tag, std::string_view meaning) {
    for (const std::string_view attribute : {" id=\"", " xmlns:xlink=\"", " font-family=\""})
        tag = without(std::move(tag), attribute, "\"");
    tag = with_names_of_colors(spelled_as_hexadecimal(replaced(std::move(tag), "xlink:href", "href")));
    std::ranges::replace(tag, '\n', ' ');
    if (tag.starts_with("<svg"))
        tag.insert(std::string_view("<svg").size(), fmt::format(" role=\"img\" aria-label=\"{}\"", html_text(meaning)));
    return tag;
}

// What ends an element that is left out of the page; empty: the tag stays.
std::string_view dropped_until(std::string_view tag) {
    if (tag == "<defs>") return "</defs>";
    if (tag == "<title>") return "</title>";
    if (tag == "<desc>") return "</desc>";
    return {};
}

std::string definitions(std::string_view svg) {
    const std::size_t begin = svg.find("<defs>");
    const std::size_t end = svg.find("</defs>");
    if (begin == std::string_view::npos || end == std::string_view::npos) return {};
    return without(std::string(svg.substr(begin, end + std::string_view("</defs>").size() - begin)), "<filter ", "</filter>");
}

}  // namespace

std::string svg_for_page(std::string_view svg, std::string_view meaning) {
    std::string out;
    bool inside = false;
    for (std::size_t at = 0; at < svg.size();) {
        const std::size_t begin = std::min(svg.find('<', at), svg.size());
        const std::size_t end = std::min(svg.find('>', begin), svg.size() - 1) + 1;
        const std::string_view tag = svg.substr(begin, end - begin);
        inside = inside || tag.starts_with("<svg");
        if (inside) out += svg.substr(at, begin - at);
        at = end;
        if (inside && dropped_until(tag).empty()) out += tag_for_page(std::string(tag), meaning);
        if (const std::string_view until = dropped_until(tag); !until.empty()) {
            const std::size_t last = svg.find(until, at);
            at = last == std::string_view::npos ? svg.size() : last + until.size();
        }
    }
    return without_empty_groups(out);
}

std::string shared_svg_parts(const std::vector<ModelFigures>& figures) {
    for (const ModelFigures& each : figures)
        for (const auto* figure : {&each.curve, &each.memory})
            if (*figure && (*figure)->svg.find("<use ") != std::string::npos)
                return "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">\n" +
                       replaced(definitions((*figure)->svg), "xlink:href", "href") + "\n</svg>\n";
    return {};
}

}  // namespace kv
