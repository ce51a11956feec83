// A page is paid for a block, whole or not: tokens become blocks first.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto bytes = ceil_div(Tokens{16}, TokensPerBlock{16}) * BytesPerBlock{4096};
#else
    [[maybe_unused]] const auto bytes = Tokens{16} * BytesPerBlock{4096};
#endif
}
