# Toolchain of the fuzz preset: the newest clang, from 16 on, that has its sanitizer and fuzzer runtime (Debian: libclang-rt-NN-dev).
if(NOT CMAKE_CXX_COMPILER)
    foreach(version RANGE 40 16 -1)
        find_program(kv_clang_${version} clang++-${version})
        if(kv_clang_${version})
            execute_process(COMMAND ${kv_clang_${version}} -print-file-name=libclang_rt.fuzzer-x86_64.a
                            OUTPUT_VARIABLE runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
            if(NOT EXISTS "${runtime}")  # Newer ones keep runtimes by target triple.
                execute_process(COMMAND ${kv_clang_${version}} -print-file-name=libclang_rt.fuzzer.a
                                OUTPUT_VARIABLE runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
            endif()
            if(EXISTS "${runtime}")
                set(CMAKE_CXX_COMPILER ${kv_clang_${version}})
                break()
            endif()
        endif()
    endforeach()
endif()
if(NOT CMAKE_CXX_COMPILER)
    message(FATAL_ERROR "no clang++-NN from 16 on with its fuzzer runtime: install clang-NN and libclang-rt-NN-dev, or run ./test --long")
endif()
