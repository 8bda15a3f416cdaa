# What projects outside find after `cmake --install`: headers, libraries, the CMake package and pkg-config files.
# Components: libbinder (what programs need to run), libbinder-dev (what building them needs).
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cuse_binder)
set(libraries binder)
if(TARGET binder_ndk)
  list(APPEND libraries binder_ndk)
endif()
install(TARGETS ${libraries} EXPORT cuse_binderTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libbinder NAMELINK_COMPONENT libbinder-dev
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libbinder-dev)
install(EXPORT cuse_binderTargets NAMESPACE cuse_binder:: DESTINATION ${package_dir} COMPONENT libbinder-dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/libbinder/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cuse_binder
  COMPONENT libbinder-dev FILES_MATCHING PATTERN "*.h")
if(TARGET binder_ndk)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/libbinder/ndk/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cuse_binder
    COMPONENT libbinder-dev FILES_MATCHING PATTERN "*.h")
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/cuse_binderConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/cuse_binderConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/cuse_binderConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/cuse_binderConfig.cmake
  ${PROJECT_BINARY_DIR}/package/cuse_binderConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/android_base_libraries.cmake
  ${CMAKE_CURRENT_LIST_DIR}/binder_aidl.cmake
  DESTINATION ${package_dir} COMPONENT libbinder-dev)

# From the directory of the .pc file back to the prefix, so that the tree may be moved.
file(RELATIVE_PATH pc_prefix /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
foreach(library IN LISTS libraries)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/lib${library}.pc.in ${PROJECT_BINARY_DIR}/package/lib${library}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/lib${library}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    COMPONENT libbinder-dev)
endforeach()
