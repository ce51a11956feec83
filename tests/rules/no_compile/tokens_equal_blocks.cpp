// Sixteen tokens are not sixteen blocks.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const bool same = Tokens{16} == Tokens{16};
#else
    [[maybe_unused]] const bool same = Tokens{16} == Blocks{16};
#endif
}
