include(GNUInstallDirs)

# Code that is run seldom and is long to compile (tests, option tables): in debug builds it is not optimised, and not instrumented for
# what AddressSanitizer finds as well. Half the time of a debug build.
function(kv_quick_to_build target)
    target_compile_options(${target} PRIVATE
        "$<$<AND:$<CONFIG:Debug>,$<COMPILE_LANGUAGE:CXX>>:-O0;-fno-sanitize=null,alignment,vptr,object-size,nonnull-attribute,returns-nonnull-attribute>")
endfunction()

# kv_library(NAME [LINK target...] [WITHOUT file...] [WITH file...] [LOCAL])
# Makes kvproof::NAME, a static library of every .cpp below the calling folder (less WITHOUT, plus WITH, paths from that folder), and
# installs it with its headers unless LOCAL. Headers are found from the root of the tree: #include "model/units.h".
function(kv_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "LOCAL" "" "LINK;WITHOUT;WITH")
    file(GLOB_RECURSE sources RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS *.cpp)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS *.h)
    if(arg_WITHOUT)
        list(REMOVE_ITEM sources ${arg_WITHOUT})
    endif()
    list(APPEND sources ${arg_WITH})

    set(target kvproof_${name})
    set(kind STATIC)
    set(scope PUBLIC)
    if(NOT sources)
        set(kind INTERFACE)
        set(scope INTERFACE)
    endif()
    add_library(${target} ${kind} ${sources})
    add_library(kvproof::${name} ALIAS ${target})
    target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
    target_compile_features(${target} ${scope} cxx_std_20)
    target_link_libraries(${target} ${scope} ${arg_LINK})
    # The test rules.headers_compile_alone builds one file a header from this.
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON)
    if(NOT arg_LOCAL)
        install(TARGETS ${target} EXPORT kvproof FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kvproof)
    endif()
endfunction()
