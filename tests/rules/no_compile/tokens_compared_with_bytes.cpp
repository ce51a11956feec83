// Different units have no order.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const bool fits = Tokens{16} < Tokens{32};
#else
    [[maybe_unused]] const bool fits = Tokens{16} < Bytes{32};
#endif
}
