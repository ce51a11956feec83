// How the parts of a capacity report are put into words.
#pragma once

#include "harness/capacity_report.h"

#include <string>
#include <vector>

namespace kv {

std::string ratio_words(std::optional<double> ratio);                             // "0.508"
std::string fit_words(const CapacityTruth& truth);                                // "1 + 23,039 tokens", "12 requests"
std::string at_once_words(const CapacityTruth& truth);                            // "1.18"
std::string verdict_words(const JudgedFigure& judged);                            // "under-reports, bound 16"
std::string refusal_words(const Refusal& refusal);                                // "ValueError: one request ..."
std::string setting_words(const CapacityKnobs& knobs);                            // "tp 2, kv-dtype fp8"; empty where nothing is set.
std::string why_no_figure(const CapacityAnswer& answer, const CapacityRow& row);  // Empty where there is one.

// "+pr-40384" below the row of the engine that it patches, else the whole spelling.
std::string engine_words(const std::vector<CapacityRow>& rows, std::size_t row);

// What fits, and which figure is how far from it.
std::string capacity_sentence(const CapacityAnswer& answer);

}  // namespace kv
