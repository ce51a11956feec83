// Plots as gnuplot writes them, made fit for standing in a page.
#pragma once

#include "reports/capacity_figures.h"

#include <string>
#include <string_view>
#include <vector>

namespace kv {

// Without a prologue, ids and gnuplot's own titles; colours of the palette by their names in the style sheet.
std::string svg_for_page(std::string_view svg, std::string_view meaning);

// The marks that plots refer to by id, once for the whole page; empty where no plot needs one.
std::string shared_svg_parts(const std::vector<ModelFigures>& figures);

}  // namespace kv
