// Pages of two layers add up as bytes, per block counted.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto sum = Blocks{1} * BytesPerBlock{1} + Blocks{1} * BytesPerBlock{2};
#else
    [[maybe_unused]] const auto sum = BytesPerBlock{1} + BytesPerBlock{2};
#endif
}
