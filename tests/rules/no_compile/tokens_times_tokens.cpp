// Only a plain number scales a count.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto twice = 2 * Tokens{16};
#else
    [[maybe_unused]] const auto area = Tokens{16} * Tokens{16};
#endif
}
