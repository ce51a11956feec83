# The language, the warnings, the sanitizers and ccache: the same for every target of the tree.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
    message(FATAL_ERROR "kvproof needs g++ 12 or later; this is ${CMAKE_CXX_COMPILER_VERSION}")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
    message(FATAL_ERROR "kvproof needs clang 16 or later; this is ${CMAKE_CXX_COMPILER_VERSION}")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(kv_flags
    -ffp-contract=off  # The same bytes everywhere.
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    -Wcast-align -Wcast-qual -Wdouble-promotion -Wextra-semi -Wformat=2 -Wimplicit-fallthrough -Wnon-virtual-dtor -Wold-style-cast
    -Woverloaded-virtual -Wunused
    -Wno-missing-field-initializers)  # Aggregates name the fields that differ; the rest have defaults.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND kv_flags -Wduplicated-branches -Wduplicated-cond -Wlogical-op)
    list(APPEND kv_flags -Wno-restrict)  # g++ 12 sees one in every `"text" + std::string` (gcc bug 105651).
else()
    list(APPEND kv_flags -Wno-missing-designated-field-initializers -Wno-unknown-warning-option)
endif()
if(KV_WERROR)
    list(APPEND kv_flags -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # What the optimiser guesses differs between versions and sanitizers: told, but no error.
        foreach(guess IN ITEMS array-bounds dangling-pointer free-nonheap-object maybe-uninitialized nonnull stringop-overflow stringop-overread)
            list(APPEND kv_flags -Wno-error=${guess})
        endforeach()
    endif()
endif()

if(KV_SANITIZE)
    list(APPEND kv_flags -fsanitize=${KV_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${KV_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        list(APPEND kv_flags -Wno-maybe-uninitialized)  # Instrumented code hides that a value is set.
    endif()
endif()
if(KV_FUZZ)
    list(APPEND kv_flags -fsanitize=fuzzer-no-link)  # Coverage in our own code; the targets link the driver.
endif()
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${kv_flags}>")

find_program(KV_CCACHE ccache)
if(KV_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${KV_CCACHE})
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${KV_CCACHE})
endif()
