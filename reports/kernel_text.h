// What the checks of the kernels answered, for people.
#pragma once

#include "harness/kernel_checks.h"
#include "reports/text_table.h"

#include <string>

namespace kv {

std::string kernel_text(const KernelReport& report, Color color);

}  // namespace kv
