// The format of scenario files as a JSON Schema (draft 2020-12), made from the table of keys that the reader checks files against.
// The reader asks more: sizes of quantities, and what keys mean together.
#pragma once

#include <string>

namespace kv {

std::string scenario_schema();

}  // namespace kv
