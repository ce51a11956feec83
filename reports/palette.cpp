#include "reports/palette.h"

#include "model/contract.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::array colors{
    PaletteColor{"page", "#ffffff", "#15181c"},        PaletteColor{"panel", "#f4f6f8", "#1e2328"},
    PaletteColor{"ink", "#16191d", "#e6e8eb"},         PaletteColor{"faint", "#545c66", "#a3acb6"},
    PaletteColor{"line", "#c9d0d8", "#3a424b"},        PaletteColor{"link", "#0b4fb3", "#86b7ff"},
    PaletteColor{"alarm", "#a1210f", "#ff9d8a"},       PaletteColor{"series-1", "#b3360f", "#ff9a6b"},
    PaletteColor{"series-2", "#1c5bb0", "#7db3ff"},    PaletteColor{"series-3", "#17703f", "#63cf96"},
    PaletteColor{"series-4", "#7137ad", "#c6a0f5"},    PaletteColor{"use-growing", "#2f6fc4", "#4a86d8"},
    PaletteColor{"use-bounded", "#2a9d8f", "#35a898"}, PaletteColor{"use-padding", "#e07a1f", "#d9822f"},
    PaletteColor{"use-null", "#8b1e8f", "#c462c8"},    PaletteColor{"use-free", "#b9a52f", "#b3a13a"},
    PaletteColor{"use-rest", "#9aa3ad", "#6f7a85"},    PaletteColor{"scale-1", "#eef5ee", "#1b2a21"},
    PaletteColor{"scale-2", "#d6e9d8", "#20392a"},     PaletteColor{"scale-3", "#b5d8ba", "#264b34"},
    PaletteColor{"scale-4", "#90c69a", "#2c5d3f"},     PaletteColor{"scale-5", "#6ab27a", "#32704a"},
    PaletteColor{"under-1", "#e3edfa", "#1b2c42"},     PaletteColor{"under-2", "#c5daf4", "#1f3b60"},
    PaletteColor{"under-3", "#a0c3ec", "#254b7d"},     PaletteColor{"under-4", "#79aae3", "#2c5b99"},
    PaletteColor{"over-1", "#fde8df", "#42251b"},      PaletteColor{"over-2", "#fad0bf", "#5c3020"},
    PaletteColor{"over-3", "#f5b399", "#783a24"},      PaletteColor{"over-4", "#ee9472", "#934528"},
};

}  // namespace

std::span<const PaletteColor> palette() { return colors; }

std::string_view light_color(std::string_view name) {
    const auto color = std::ranges::find(colors, name, &PaletteColor::name);
    require(color != colors.end(), "a colour of the palette");
    return color->light;
}

}  // namespace kv
