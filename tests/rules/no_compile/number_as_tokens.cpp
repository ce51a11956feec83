// A number says its unit where it becomes a count.
// expect: conversion from .* requested|no viable conversion
#include "model/units.h"

using namespace kv;

int main() {
#ifdef KV_CONTROL
    [[maybe_unused]] const Tokens tokens{16};
#else
    [[maybe_unused]] const Tokens tokens = 16;
#endif
}
