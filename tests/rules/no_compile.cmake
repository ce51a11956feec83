# cmake -D COMPILER=c++ -D ROOT=tree -D PROGRAM=file.cpp -P no_compile.cmake
# Passes when the program does not compile, its error matches the line `// expect: REGEX`, and with KV_CONTROL defined it does compile:
# so neither a typing error nor a missing header passes for a rule that holds.
cmake_minimum_required(VERSION 3.25)

function(complain text)  # As it is: FATAL_ERROR would wrap the lines.
    message("${PROGRAM}: ${text}")
    message(FATAL_ERROR "the program does not show its rule")
endfunction()

set(compile ${COMPILER} -std=c++20 -fsyntax-only -I ${ROOT})

file(STRINGS ${PROGRAM} told REGEX "^// expect: ")
if(NOT told)
    complain("no line `// expect: REGEX`")
endif()
string(REGEX REPLACE "^// expect: " "" expected "${told}")

execute_process(COMMAND ${compile} -D KV_CONTROL ${PROGRAM} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
    complain("its control does not compile:\n${output}")
endif()
execute_process(COMMAND ${compile} ${PROGRAM} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
    complain("compiles, and must not")
endif()
if(NOT output MATCHES "error: [^\n]*(${expected})")
    complain("fails for another reason than \"${expected}\":\n${output}")
endif()
