// Numbers as people read them; each is exact or stands beside the exact one.
#pragma once

#include "model/units.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace kv {

std::string grouped(std::int64_t number);                    // "9,793"
std::string human(Bytes bytes);                              // "5.38 GiB", "32 KiB", "656 B": two decimals where they are needed.
std::string both(Bytes bytes);                               // "5.38 GiB (5,776,343,040 B)", "656 B"
std::string percent(std::int64_t part, std::int64_t whole);  // "0.0 %"
std::string counted(std::int64_t number, std::string_view one, std::string_view several);  // "1 layer", "36 layers"

}  // namespace kv
