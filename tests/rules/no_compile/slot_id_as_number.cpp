// An id becomes an index only where that is said.
// expect: cannot convert|could not convert|cannot initialize
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto index = static_cast<std::int64_t>(SlotId{7});
#else
    [[maybe_unused]] const std::int64_t index = SlotId{7};
#endif
}
