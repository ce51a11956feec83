// Another unit's rate does not divide a pool.
// expect: no match for|invalid operands|no viable|no matching function|mismatched types|conversion
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const auto blocks = ceil_div(Bytes{4096}, BytesPerBlock{1024});
#else
    [[maybe_unused]] const auto blocks = ceil_div(Bytes{4096}, TokensPerBlock{16});
#endif
}
