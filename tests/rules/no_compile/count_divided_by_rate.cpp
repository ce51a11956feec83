// There is no division that does not say which way it rounds.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto blocks = floor_div(Tokens{17}, TokensPerBlock{16});
#else
    [[maybe_unused]] const auto blocks = Tokens{17} / TokensPerBlock{16};
#endif
}
