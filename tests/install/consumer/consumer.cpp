#include "model/units.h"

#include <cstdio>

int main() {
    const kv::Blocks blocks = ceil_div(kv::Tokens{4097}, kv::TokensPerBlock{16});
    std::printf("4097 tokens are %lld blocks\n", static_cast<long long>(blocks.value));
    return blocks == kv::Blocks{257} ? 0 : 1;
}
