// What `kvproof explain` tells: the engines, the rules by the slot they fill, the patches, the properties; or one of them.
#pragma once

#include "reports/text_table.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

std::string explain_all_text(Color color);
std::string explain_all_json();

// All that has this name: an engine (or a spelling of one), a slot, a rule, "slot=rule", a patch, a property or a bug. Empty: nothing has
// it.
std::optional<std::string> explain_text(std::string_view id, Color color);
std::optional<std::string> explain_json(std::string_view id);

std::vector<std::string_view> explained_ids();

}  // namespace kv
