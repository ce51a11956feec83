// The result of a comparison with recorded answers, for people and for programs.
#pragma once

#include "harness/conform.h"

#include <string>
#include <vector>

namespace kv {

// "FILE: N agree, M differ, K not known" for each file, the total where there are several, then each field in which cases differ.
std::string conform_text(const std::vector<ConformFile>& files);

// The same as one JSON object, diagnostics included.
std::string conform_json(const std::vector<ConformFile>& files);

}  // namespace kv
