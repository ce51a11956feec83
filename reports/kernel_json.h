// What the checks of the kernels answered, as JSON. Written without a library: a machine with a GPU builds this with the compilers alone.
#pragma once

#include "harness/kernel_checks.h"

#include <string>
#include <string_view>

namespace kv {

std::string kernel_json(const KernelReport& report);

// The text between double quotes, as JSON spells it.
std::string json_text(std::string_view text);

// "passed", "failed" or "skipped".
std::string_view name_of(CheckEnd end);

}  // namespace kv
