// Blocks become tokens only by a rate.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto sum = Tokens{16} + Blocks{1} * TokensPerBlock{16};
#else
    [[maybe_unused]] const auto sum = Tokens{16} + Blocks{1};
#endif
}
