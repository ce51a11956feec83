// An id does not add.
// expect: no match for|invalid operands|no viable|no matching function
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto next = SlotId{static_cast<std::int64_t>(SlotId{7}) + 1};
#else
    [[maybe_unused]] const auto next = SlotId{7} + 1;
#endif
}
