// A block size is not a number of tokens (an engine that took it for one sized a buffer by it).
// expect: no matching function|no matching constructor|cannot convert|could not convert
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const Tokens tokens = Blocks{1} * TokensPerBlock{16};
#else
    [[maybe_unused]] const Tokens tokens{TokensPerBlock{16}};
#endif
}
