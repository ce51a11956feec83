# cmake -D KVPROOF=program -D ROOT=tree [-D WRITE=ON] -P digests.cmake
# One scenario gives one digest under one engine: on any machine, with any compiler, in any build, on any number of threads. Which, stands
# in digests.txt; WRITE=ON writes it anew, after a change of the events.
cmake_minimum_required(VERSION 3.25)

set(lines "")
foreach(engine IN ITEMS vllm-0.18.0 vllm-0.32.0 vllm-0.33.0 reference)
    foreach(jobs IN ITEMS 1 2)
        execute_process(COMMAND ${KVPROOF} run scenarios/threads scenarios/examples --engine ${engine} --jobs ${jobs} --format json
                        WORKING_DIRECTORY ${ROOT} OUTPUT_VARIABLE report${jobs} RESULT_VARIABLE status)
        if(status GREATER 1)
            message(FATAL_ERROR "kvproof run ended with ${status}")
        endif()
    endforeach()
    if(NOT report1 STREQUAL report2)
        message(FATAL_ERROR "${engine}: one thread and two threads differ")
    endif()
    string(JSON count LENGTH "${report1}" scenarios)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
        string(JSON file GET "${report1}" scenarios ${index} file)
        string(JSON digest GET "${report1}" scenarios ${index} digest)
        string(APPEND lines "${digest} ${engine} ${file}\n")
    endforeach()
endforeach()

set(kept ${ROOT}/tests/cli/digests.txt)
if(WRITE)
    file(WRITE ${kept} "${lines}")
endif()
file(READ ${kept} expected)
if(NOT lines STREQUAL expected)
    message(FATAL_ERROR "the digests are\n${lines}and were\n${expected}")
endif()
