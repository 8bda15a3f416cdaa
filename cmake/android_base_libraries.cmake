# The base classes under libbinder (RefBase, String16, Looper, unique_fd ...): Debian's android-libutils-dev,
# android-libbase-dev, android-liblog-dev. Used by our own build and by projects that find the installed package.
#
#   cuse_binder::android_base   their headers and libraries, and a run path to where Debian keeps them: a directory of
#                               its own, which the loader does not know
find_path(ANDROID_UTILS_INCLUDE_DIR utils/RefBase.h PATH_SUFFIXES android REQUIRED
  DOC "Where android-libutils-dev has its headers")
foreach(name IN ITEMS utils base log)
  string(TOUPPER ${name} upper)
  # Only there: other packages install libraries with the same names.
  find_library(ANDROID_${upper}_LIBRARY ${name} REQUIRED
    PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/android /usr/lib/android NO_DEFAULT_PATH
    DOC "lib${name} of Debian's android-lib${name}")
endforeach()
get_filename_component(ANDROID_LIBRARY_DIR "${ANDROID_UTILS_LIBRARY}" DIRECTORY)
mark_as_advanced(ANDROID_UTILS_INCLUDE_DIR ANDROID_UTILS_LIBRARY ANDROID_BASE_LIBRARY ANDROID_LOG_LIBRARY)

if(NOT TARGET cuse_binder::android_base)
  add_library(cuse_binder::android_base INTERFACE IMPORTED)
  set_target_properties(cuse_binder::android_base PROPERTIES
    # After the system's headers: Debian 13's android-libbase-dev has an old copy of fmt beside its own.
    INTERFACE_COMPILE_OPTIONS "SHELL:-idirafter ${ANDROID_UTILS_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${ANDROID_UTILS_LIBRARY};${ANDROID_BASE_LIBRARY};${ANDROID_LOG_LIBRARY}"
    # A program's own run path does not serve the libraries of its libraries, and the other way round.
    INTERFACE_LINK_OPTIONS "LINKER:-rpath,${ANDROID_LIBRARY_DIR}")
endif()
