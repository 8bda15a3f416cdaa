# One interface target carries the warnings and sanitizers; every target of ours links it.
add_library(cuse_binder_options INTERFACE)
target_compile_options(cuse_binder_options INTERFACE
  -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>
  $<$<BOOL:${CUSE_BINDER_WERROR}>:-Werror>)
target_compile_definitions(cuse_binder_options INTERFACE _FILE_OFFSET_BITS=64)
if(CUSE_BINDER_SANITIZE)
  # With instrumentation GCC takes parts of its own library for uninitialised.
  target_compile_options(cuse_binder_options INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    -fsanitize=${CUSE_BINDER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(cuse_binder_options INTERFACE -fsanitize=${CUSE_BINDER_SANITIZE})
endif()

# cuse_binder_layer(NAME SOURCES … LINKS …): one folder of cuse_binder/ as a static library.
function(cuse_binder_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(cuse_binder_${name} STATIC ${arg_SOURCES})
  target_include_directories(cuse_binder_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(cuse_binder_${name} PUBLIC ${arg_LINKS} PRIVATE cuse_binder_options)
endfunction()
