# binder_add_aidl_library(): a library of C++ code that Android's aidl compiler makes of interface definitions.
#
#   binder_add_aidl_library(greeter_aidl
#     SOURCES com/example/IGreeter.aidl com/example/Greeting.aidl
#     LANG cpp)
#   target_link_libraries(greeter_service PRIVATE greeter_aidl)
#
# SOURCES ...         .aidl files. A file's path ends like its package: a/b/IFoo.aidl is "package a.b;".
# LANG cpp|ndk        over libbinder (default), or over libbinder_ndk (headers in aidl/<package>/).
# INCLUDE_ROOT DIR    the directory that the packages start in; default: taken from the first source and its package.
# IMPORTS ...         where imported definitions are: directories, or libraries that this function made (linked as well).
# STATIC | SHARED     default: STATIC.
# VERSION N           the version of the interface (getInterfaceVersion()).
# HASH TEXT           its hash (getInterfaceHash()); ignored, with a warning, by compilers that know none.
# STRUCTURED          everything is defined in AIDL; implied by VERSION and API_DIR.
# STABILITY vintf     where the compiler knows it.
# MIN_SDK_VERSION V   likewise; default: current, the newest that the compiler knows.
# API_DIR DIR         the frozen API (made by the target <target>_freeze_api): the build fails if the definitions are
#                     not a compatible extension of it. A directory without .aidl files freezes nothing yet.
# TRACE, LOG          calls are traced (utils/Trace.h); calls can be logged (compilers before Android 13: needs libjsoncpp-dev).
# AIDL_OPTIONS ...    more options for the compiler.
#
# The same file serves our own tree and projects that found the installed package. The compiler is looked for in PATH;
# AIDL_EXECUTABLE overrides that. Those of Android 10 (Debian's) to 16 are understood.
include_guard(GLOBAL)
# Depfiles of custom commands: whatever the project that includes this asks for.
cmake_policy(PUSH)
cmake_policy(VERSION 3.20...3.25)

find_program(AIDL_EXECUTABLE aidl DOC "Android's compiler of interface definitions (Debian: aidl)")

# What this compiler can do, in cached variables.
function(_binder_aidl_probe)
  if(NOT AIDL_EXECUTABLE)
    message(FATAL_ERROR "binder_add_aidl_library: no aidl compiler; install Debian's 'aidl' or set AIDL_EXECUTABLE")
  endif()
  if("${_BINDER_AIDL_PROBED}" STREQUAL "${AIDL_EXECUTABLE}")
    return()
  endif()
  execute_process(COMMAND ${AIDL_EXECUTABLE} --help OUTPUT_VARIABLE out ERROR_VARIABLE err)
  foreach(option IN ITEMS hash stability min_sdk_version)
    string(FIND "${out}${err}" "--${option}" at)
    if(at EQUAL -1)
      set(_BINDER_AIDL_HAS_${option} FALSE CACHE INTERNAL "")
    else()
      set(_BINDER_AIDL_HAS_${option} TRUE CACHE INTERNAL "")
    endif()
  endforeach()
  set(_BINDER_AIDL_PROBED "${AIDL_EXECUTABLE}" CACHE INTERNAL "")
endfunction()

# The directory that the package of a file starts in. Sets `out` to it and `out_stem` to the path from there, without
# extension.
function(_binder_aidl_root file out out_stem)
  file(STRINGS ${file} lines REGEX "^[ \t]*package[ \t]+[A-Za-z0-9_.]+[ \t]*;")
  set(package "")
  if(lines)
    list(GET lines 0 line)
    string(REGEX REPLACE "^[ \t]*package[ \t]+([A-Za-z0-9_.]+)[ \t]*;.*" "\\1" package "${line}")
  endif()
  get_filename_component(name ${file} NAME_WE)
  get_filename_component(root ${file} DIRECTORY)
  string(REPLACE "." "/" package_path "${package}")
  if(package_path STREQUAL "")
    set(${out_stem} ${name} PARENT_SCOPE)
  else()
    string(LENGTH "/${package_path}" tail_length)
    string(LENGTH "${root}" root_length)
    math(EXPR start "${root_length} - ${tail_length}")
    set(tail "")
    if(start GREATER_EQUAL 0)
      string(SUBSTRING "${root}" ${start} -1 tail)
    endif()
    if(NOT tail STREQUAL "/${package_path}")
      message(FATAL_ERROR "binder_add_aidl_library: ${file} is 'package ${package};' and must be in .../${package_path}/")
    endif()
    string(SUBSTRING "${root}" 0 ${start} root)
    set(${out_stem} ${package_path}/${name} PARENT_SCOPE)
  endif()
  set(${out} ${root} PARENT_SCOPE)
endfunction()

# libjsoncpp, which code of `aidl --log` needs.
function(_binder_aidl_link_json target)
  find_path(BINDER_JSONCPP_INCLUDE_DIR json/value.h PATH_SUFFIXES jsoncpp)
  find_library(BINDER_JSONCPP_LIBRARY jsoncpp)
  if(NOT BINDER_JSONCPP_INCLUDE_DIR OR NOT BINDER_JSONCPP_LIBRARY)
    message(FATAL_ERROR "binder_add_aidl_library: LOG needs jsoncpp (Debian: libjsoncpp-dev)")
  endif()
  target_include_directories(${target} SYSTEM PUBLIC ${BINDER_JSONCPP_INCLUDE_DIR})
  target_link_libraries(${target} PUBLIC ${BINDER_JSONCPP_LIBRARY})
endfunction()

# libcutils, which utils/Trace.h calls.
function(_binder_aidl_link_trace target)
  find_library(ANDROID_CUTILS_LIBRARY cutils PATHS ${ANDROID_LIBRARY_DIR} NO_DEFAULT_PATH)
  if(NOT ANDROID_CUTILS_LIBRARY)
    message(FATAL_ERROR "binder_add_aidl_library: TRACE needs libcutils (Debian: android-libcutils-dev)")
  endif()
  target_link_libraries(${target} PUBLIC ${ANDROID_CUTILS_LIBRARY})
endfunction()

# <target>_check_api and <target>_freeze_api.
function(_binder_aidl_freeze target api_dir includes sources)
  set(dump ${CMAKE_CURRENT_BINARY_DIR}/${target}.aidl/api)
  set(stamp ${CMAKE_CURRENT_BINARY_DIR}/${target}.aidl/api.checked)
  set(frozen "")
  file(GLOB_RECURSE frozen CONFIGURE_DEPENDS ${api_dir}/*.aidl)
  set(make_dump
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${dump}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${dump}
    COMMAND ${AIDL_EXECUTABLE} --dumpapi --structured --out=${dump} ${includes} ${sources})
  set(check "")
  if(frozen)
    set(check COMMAND ${AIDL_EXECUTABLE} --checkapi ${api_dir} ${dump})
  endif()
  add_custom_command(OUTPUT ${stamp}
    ${make_dump} ${check}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${sources} ${frozen}
    COMMENT "Checking the API of ${target}"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${target}_check_api DEPENDS ${stamp})
  add_dependencies(${target} ${target}_check_api)
  add_custom_target(${target}_freeze_api
    ${make_dump} ${check}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${api_dir}
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${dump} ${api_dir}
    COMMENT "Freezing the API of ${target} in ${api_dir}"
    COMMAND_EXPAND_LISTS VERBATIM)
endfunction()

function(binder_add_aidl_library target)
  cmake_parse_arguments(PARSE_ARGV 1 arg
    "STATIC;SHARED;STRUCTURED;TRACE;LOG"
    "LANG;INCLUDE_ROOT;VERSION;HASH;STABILITY;MIN_SDK_VERSION;API_DIR"
    "SOURCES;IMPORTS;AIDL_OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "binder_add_aidl_library(${target}): what is '${arg_UNPARSED_ARGUMENTS}'?")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "binder_add_aidl_library(${target}): no SOURCES")
  endif()
  if(NOT arg_LANG)
    set(arg_LANG cpp)
  endif()
  if(arg_LANG STREQUAL cpp)
    set(runtime cuse_binder::binder)
    set(header_prefix "")
  elseif(arg_LANG STREQUAL ndk)
    set(runtime cuse_binder::binder_ndk)
    set(header_prefix "aidl/")
  else()
    message(FATAL_ERROR "binder_add_aidl_library(${target}): LANG is cpp or ndk, not '${arg_LANG}'")
  endif()
  _binder_aidl_probe()

  # The options that are the same for every file.
  set(options --lang=${arg_LANG} --ninja ${arg_AIDL_OPTIONS})
  if(arg_STRUCTURED OR arg_API_DIR OR DEFINED arg_VERSION)
    list(APPEND options --structured)
  endif()
  if(DEFINED arg_VERSION)
    list(APPEND options --version=${arg_VERSION})
  endif()
  foreach(name IN ITEMS HASH STABILITY MIN_SDK_VERSION)
    string(TOLOWER ${name} option)
    if(DEFINED arg_${name})
      if(_BINDER_AIDL_HAS_${option})
        list(APPEND options --${option}=${arg_${name}})
      else()
        message(WARNING "binder_add_aidl_library(${target}): ${AIDL_EXECUTABLE} knows no --${option}; ${name} is ignored")
      endif()
    elseif(option STREQUAL min_sdk_version AND _BINDER_AIDL_HAS_min_sdk_version)
      list(APPEND options --min_sdk_version=current)
    endif()
  endforeach()
  if(arg_TRACE)
    list(APPEND options --trace)
  endif()
  if(arg_LOG)
    list(APPEND options --log)
  endif()

  # Where things are.
  set(sources "")
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(source ${source} ABSOLUTE)
    list(APPEND sources ${source})
  endforeach()
  if(arg_INCLUDE_ROOT)
    get_filename_component(root ${arg_INCLUDE_ROOT} ABSOLUTE)
  else()
    list(GET sources 0 first)
    _binder_aidl_root(${first} root ignored)
  endif()
  set(includes -I${root})
  set(imported "")
  foreach(import IN LISTS arg_IMPORTS)
    if(TARGET ${import})
      list(APPEND imported ${import})
      get_target_property(directories ${import} BINDER_AIDL_DIRS)
      if(NOT directories)
        message(FATAL_ERROR "binder_add_aidl_library(${target}): ${import} was not made by binder_add_aidl_library")
      endif()
      list(TRANSFORM directories PREPEND -I)
      list(APPEND includes ${directories})
    else()
      get_filename_component(directory ${import} ABSOLUTE)
      list(APPEND includes -I${directory})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES includes)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}.aidl)
  set(headers ${out}/include)

  set(generated "")
  foreach(source IN LISTS sources)
    _binder_aidl_root(${source} its_root stem)
    get_filename_component(package_path ${stem} DIRECTORY)
    get_filename_component(name ${stem} NAME)
    string(REGEX REPLACE "^I([A-Z])" "\\1" class ${name})
    if(package_path)
      string(APPEND package_path "/")
    endif()
    # Also for parcelables: the compiler writes the same set of files for everything, so that builds know them.
    set(header_files ${name}.h Bn${class}.h Bp${class}.h)
    list(TRANSFORM header_files PREPEND ${headers}/${header_prefix}${package_path})
    add_custom_command(
      OUTPUT ${out}/${stem}.cpp ${header_files}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${headers}
      COMMAND ${AIDL_EXECUTABLE} ${options} ${includes} --dep=${out}/${stem}.d --out=${out} --header_out=${headers} ${source}
      DEPENDS ${source} ${AIDL_EXECUTABLE}
      DEPFILE ${out}/${stem}.d
      COMMENT "aidl ${package_path}${name}.aidl (${arg_LANG})"
      VERBATIM)
    get_filename_component(stem_directory ${out}/${stem} DIRECTORY)
    file(MAKE_DIRECTORY ${stem_directory})
    list(APPEND generated ${out}/${stem}.cpp ${header_files})
  endforeach()

  set(type STATIC)
  if(arg_SHARED)
    set(type SHARED)
  endif()
  add_library(${target} ${type} ${generated})
  # SYSTEM: generated code is not held to the warnings of those who use it.
  target_include_directories(${target} SYSTEM PUBLIC $<BUILD_INTERFACE:${headers}>)
  target_link_libraries(${target} PUBLIC ${runtime} ${imported})
  target_compile_features(${target} PUBLIC cxx_std_17)
  # The code of unions ends with an assertion instead of a return.
  target_compile_options(${target} PRIVATE -Wno-return-type)
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_CLANG_TIDY ""
    BINDER_AIDL_DIRS "${root}"
    EXPORT_PROPERTIES BINDER_AIDL_DIRS)
  if(imported)
    foreach(import IN LISTS imported)
      get_target_property(directories ${import} BINDER_AIDL_DIRS)
      set_property(TARGET ${target} APPEND PROPERTY BINDER_AIDL_DIRS ${directories})
    endforeach()
  endif()
  if(arg_TRACE)
    _binder_aidl_link_trace(${target})
  endif()
  # Newer compilers log by a struct of their own.
  if(arg_LOG AND NOT _BINDER_AIDL_HAS_min_sdk_version)
    _binder_aidl_link_json(${target})
  endif()
  if(arg_API_DIR)
    get_filename_component(api_dir ${arg_API_DIR} ABSOLUTE)
    _binder_aidl_freeze(${target} ${api_dir} "${includes}" "${sources}")
  endif()
endfunction()

cmake_policy(POP)
