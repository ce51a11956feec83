// The colours of reports, each with its name in the style sheet. Plots are drawn in the light ones; a page that shows a plot puts the
// name in place of the colour, so that it follows the reader's choice of light or dark. A test holds text against what it stands on.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace kv {

struct PaletteColor {
    std::string_view name, light, dark;  // "#rrggbb"
};

std::span<const PaletteColor> palette();
std::string_view light_color(std::string_view name);

// Lines of plots and the names beside them, in this order.
inline constexpr std::array<std::string_view, 4> series_colors{"series-1", "series-2", "series-3", "series-4"};

// From the least to the most, and from a figure far below the truth to one far above it.
inline constexpr std::array<std::string_view, 5> scale_colors{"scale-1", "scale-2", "scale-3", "scale-4", "scale-5"};
inline constexpr std::array<std::string_view, 4> under_colors{"under-1", "under-2", "under-3", "under-4"};
inline constexpr std::array<std::string_view, 4> over_colors{"over-1", "over-2", "over-3", "over-4"};

}  // namespace kv
