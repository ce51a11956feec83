# `cmake --install` puts the program, the libraries and their headers in place; find_package(kvproof) finds them again.
include(CMakePackageConfigHelpers)

set(kv_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/kvproof)
install(EXPORT kvproof NAMESPACE kvproof:: FILE kvproofTargets.cmake DESTINATION ${kv_package_folder})
configure_package_config_file(cmake/kvproofConfig.cmake.in kvproofConfig.cmake INSTALL_DESTINATION ${kv_package_folder})
write_basic_package_version_file(kvproofConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/kvproofConfig.cmake ${PROJECT_BINARY_DIR}/kvproofConfigVersion.cmake DESTINATION ${kv_package_folder})
install(FILES LICENSE NOTICE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
