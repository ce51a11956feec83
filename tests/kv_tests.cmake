# What every test program is parsed from, once. Headers are checked alone without it (rules.headers_compile_alone).
add_library(kvproof_test_pch OBJECT pch.cpp)
target_link_libraries(kvproof_test_pch PRIVATE kvproof_test_support)
target_precompile_headers(kvproof_test_pch PRIVATE <gmock/gmock.h> <gtest/gtest.h> <rapidcheck/gtest.h> <rapidcheck/state.h>
                          <nlohmann/json.hpp> <fmt/format.h>)

function(kv_tests folder)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    if(NOT sources)
        return()
    endif()
    set(target kvproof_${folder}_tests)
    add_executable(${target} ${sources})
    target_link_libraries(${target} PRIVATE kvproof_test_support ${ARGN})
    target_precompile_headers(${target} REUSE_FROM kvproof_test_pch)
    if(folder STREQUAL "cli" AND TARGET kvproof)
        add_dependencies(${target} kvproof)
    endif()
    gtest_discover_tests(${target} TEST_PREFIX ${folder}/ DISCOVERY_MODE PRE_TEST WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                         PROPERTIES TIMEOUT 300)
endfunction()
