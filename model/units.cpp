#include "model/units.h"

#include <string>

namespace kv {

SizeOverflow::SizeOverflow(std::int64_t left, char operation, std::int64_t right)
    : std::runtime_error(std::to_string(left) + ' ' + operation + ' ' + std::to_string(right) + " does not fit 64 bits") {}

void throw_overflow(std::int64_t left, char operation, std::int64_t right) { throw SizeOverflow(left, operation, right); }

}  // namespace kv
