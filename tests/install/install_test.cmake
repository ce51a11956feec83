# cmake -D BUILD=built tree -D CONSUMER=project -D COMPILER=c++ -D GENERATOR=name -D PROGRAM=whether kvproof is built -P install_test.cmake
cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
        message("${output}")
        list(JOIN ARGV " " command)
        message(FATAL_ERROR "failed: ${command}")
    endif()
    message("${output}")
endfunction()

set(work ${BUILD}/tests/install)
file(REMOVE_RECURSE ${work}/prefix ${work}/moved ${work}/consumer)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/prefix)
file(RENAME ${work}/prefix ${work}/moved)  # An installed package can be moved.
run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${work}/consumer -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=Release
    -D CMAKE_PREFIX_PATH=${work}/moved)
run(${CMAKE_COMMAND} --build ${work}/consumer)
run(${work}/consumer/consumer)
if(PROGRAM)
    run(${work}/moved/bin/kvproof --help)
endif()
