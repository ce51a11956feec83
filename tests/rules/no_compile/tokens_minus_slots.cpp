// A slot is a place in a pool, not a position of a request.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto rest = Tokens{16} - Tokens{1};
#else
    [[maybe_unused]] const auto rest = Tokens{16} - Slots{1};
#endif
}
