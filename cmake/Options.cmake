# What can be switched. CMakePresets.json sets these; plain `cmake -B build` gets the defaults.
enable_testing()

option(KV_WERROR "Warnings are errors" OFF)
option(KV_TESTS "Build the unit tests and the tests of the tree's rules" ${PROJECT_IS_TOP_LEVEL})
option(KV_BENCH "Build the benchmarks and the tests that need an optimised build" OFF)
option(KV_FUZZ "Build the libFuzzer targets of tests/fuzz (clang only)" OFF)
option(KV_CUDA "Use nvcc where there is one" ON)
set(KV_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize spells them: address,undefined or thread")
set(KV_FUZZ_SECONDS 60 CACHE STRING "How long ctest runs each fuzz target")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
