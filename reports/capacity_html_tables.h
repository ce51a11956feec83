// The tables of a capacity report's page.
#pragma once

#include "reports/capacity_view.h"

#include <string>
#include <vector>

namespace kv {

std::string tint_class(std::optional<int> step);  // Of a figure so far from the truth: "under-2", "", "over-4".

// Every model with what each engine reports, what is true, and the ratio; names lead to the models' sections.
std::string summary_table(const std::vector<ModelView>& views);

std::string figures_table(const CapacityAnswer& answer);  // Each engine and each patch.
std::string lengths_table(const CapacityAnswer& answer);  // What fits of other lengths.
std::string memory_table(const CapacityAnswer& answer);
std::string groups_tables(const CapacityAnswer& answer);  // What each group holds for one request.
std::string workload_tables(const CapacityAnswer& answer);
std::string sweep_tables(const ModelView& view);  // Heat maps: what fits and how far each figure is from it.

std::string tint_key();  // What the tints mean.

}  // namespace kv
