// A count gives up its unit only by name.
// expect: cannot convert|no viable conversion
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const std::int64_t number = Tokens{16}.value;
#else
    [[maybe_unused]] const std::int64_t number = Tokens{16};
#endif
}
