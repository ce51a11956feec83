// The form of what `kvproof run` and `kvproof diff` write for programs, as JSON Schemas.
#pragma once

#include <string>

namespace kv {

std::string run_schema();
std::string diff_schema();

}  // namespace kv
