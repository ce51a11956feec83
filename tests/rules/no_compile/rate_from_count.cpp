// Sixteen tokens are not sixteen tokens a block.
// expect: no matching function|no matching constructor|cannot convert|could not convert
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const TokensPerBlock rate{16};
#else
    [[maybe_unused]] const TokensPerBlock rate{Tokens{16}};
#endif
}
