// A layer has a spec; they are numbered apart.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const bool same = LayerId{1} == LayerId{1};
#else
    [[maybe_unused]] const bool same = LayerId{1} == SpecId{1};
#endif
}
