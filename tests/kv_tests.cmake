# kv_tests(FOLDER target...) makes kvproof_FOLDER_tests of every .cpp below tests/FOLDER; each gtest case is a ctest entry.
# (A precompiled header was measured: reading it costs as much as it saves.)
include(GoogleTest)

function(kv_tests folder)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    if(NOT sources)
        return()
    endif()
    set(target kvproof_${folder}_tests)
    add_executable(${target} ${sources})
    target_link_libraries(${target} PRIVATE kvproof_test_support ${ARGN})
    kv_quick_to_build(${target})
    if(folder STREQUAL "cli" AND TARGET kvproof)
        add_dependencies(${target} kvproof)
    endif()
    gtest_discover_tests(${target} TEST_PREFIX ${folder}/ DISCOVERY_MODE PRE_TEST WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                         PROPERTIES TIMEOUT 300)
endfunction()
