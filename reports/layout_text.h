// What the rules of the slot capture-layout make of every small layout, counted.
#pragma once

#include "harness/layout_survey.h"
#include "reports/text_table.h"

#include <string>
#include <vector>

namespace kv {

std::string layouts_text(const SurveyBounds& bounds, const std::vector<SurveyedRule>& rules, Color color);
std::string layouts_json(const SurveyBounds& bounds, const std::vector<SurveyedRule>& rules);

}  // namespace kv
