// Tokens become blocks only by a rate, rounded.
// expect: conversion from .* requested|no viable conversion
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const Blocks blocks = ceil_div(Tokens{16}, TokensPerBlock{16});
#else
    [[maybe_unused]] const Blocks blocks = Tokens{16};
#endif
}
