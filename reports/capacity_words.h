// How the parts of a capacity report are put into words.
#pragma once

#include "harness/capacity_report.h"

#include <string>
#include <vector>

namespace kv {

std::string ratio_words(std::optional<double> ratio);   // "0.508", "-" where nothing fits.
std::string fit_words(const CapacityTruth& truth);      // Requests and tokens of another, "1 + 23,039"; "12 requests".
std::string at_once_words(const CapacityTruth& truth);  // "1.18"
std::string verdict_words(const JudgedFigure& judged);  // "under-reports ±16"
std::string refusal_words(const Refusal& refusal);      // "ValueError: one request ..."

std::string percent_words(double share);  // "12.5 %"

// What of a workload fits at once, and what was left out.
std::vector<std::string> workload_sentences(const WorkloadFit& fit, Tokens model_len_max);

struct SettingWords {
    std::string_view name;
    std::string value;  // Empty: as the model's file has it.
};
std::vector<SettingWords> setting_words(const CapacityKnobs& knobs);  // Always the same names in the same order.
std::string settings_sentence(const CapacityKnobs& knobs);            // "tp 2, kv-dtype fp8"

std::string why_no_figure(const CapacityAnswer& answer, const CapacityRow& row);  // Empty where there is one.

// "+pr-40384" below the row of the engine that it patches, else the whole spelling.
std::string engine_words(const std::vector<CapacityRow>& rows, std::size_t row);

// What fits, and which figure is how far from it.
std::string capacity_sentence(const CapacityAnswer& answer);

}  // namespace kv
