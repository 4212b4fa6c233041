# SPDX-License-Identifier: MIT
# The component throw_traces: records where exceptions are thrown. Linking with it is enough; see docs/tracebacks.md.
#
# interloop::throw_traces takes precedence over the C++ runtime's library; interloop::throw_traces_static is for
# programs that link the runtime statically (-static, -static-libstdc++), where only the linker's --wrap can replace its
# functions. INTERLOOP_THROW_TRACES_TARGETS lists the targets that are built; INTERLOOP_LIBDW_FIND says how users of the
# first find libdw.

set(INTERLOOP_WITH_THROW_TRACES "${INTERLOOP_WITH_DEFAULT}" CACHE STRING "Build throw_traces: AUTO (on Linux), ON or OFF")
set_property(CACHE INTERLOOP_WITH_THROW_TRACES PROPERTY STRINGS AUTO ON OFF)
set(INTERLOOP_THROW_TRACES_TARGETS "")
string(TOUPPER "${INTERLOOP_WITH_THROW_TRACES}" interloop_wanted)
if(NOT interloop_wanted STREQUAL "AUTO" AND NOT interloop_wanted)
  message(STATUS "interloop: throw_traces off (INTERLOOP_WITH_THROW_TRACES=${INTERLOOP_WITH_THROW_TRACES})")
  return()
endif()
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  if(interloop_wanted STREQUAL "AUTO")
    message(STATUS "interloop: throw_traces off (it needs Linux)")
    return()
  endif()
  message(FATAL_ERROR "INTERLOOP_WITH_THROW_TRACES is ${INTERLOOP_WITH_THROW_TRACES}, but throw_traces needs Linux. "
    "To build without it: -DINTERLOOP_WITH_THROW_TRACES=OFF.")
endif()

set(INTERLOOP_LIBDW_FIND "find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(interloop_pc_libdw QUIET IMPORTED_TARGET GLOBAL libdw)
endif()")
cmake_language(EVAL CODE "${INTERLOOP_LIBDW_FIND}")
if(NOT TARGET PkgConfig::interloop_pc_libdw AND NOT interloop_wanted STREQUAL "AUTO")
  message(FATAL_ERROR "INTERLOOP_WITH_THROW_TRACES is ${INTERLOOP_WITH_THROW_TRACES}, but libdw was not found. "
    "On Debian: apt-get install libdw-dev. To build without file names and lines: -DINTERLOOP_WITH_THROW_TRACES=AUTO.")
endif()

set(interloop_throw_traces_sources
  core/failure/throw_traces/records.cpp
  core/failure/throw_traces/thrown.cpp)
if(TARGET PkgConfig::interloop_pc_libdw)
  list(APPEND interloop_throw_traces_sources core/failure/throw_traces/debug_info.cpp)
  message(STATUS "interloop: throw_traces on")
else()
  message(STATUS "interloop: throw_traces on, without file names and lines (libdw not found; Debian has it as libdw-dev)")
endif()

# interloop_add_throw_traces(<name> STATIC|"" <how to replace __cxa_throw> <libdw>...)
function(interloop_add_throw_traces name type interposer)
  add_library(${name} ${type} ${interloop_throw_traces_sources} ${interposer})
  interloop_setup_target(${name})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${CMAKE_DL_LIBS})
  if(TARGET PkgConfig::interloop_pc_libdw)
    target_compile_definitions(${name} PRIVATE INTERLOOP_WITH_LIBDW=1)
    target_include_directories(${name} PRIVATE ${interloop_pc_libdw_INCLUDE_DIRS})
    target_link_libraries(${name} PRIVATE ${ARGN})
  endif()
  # No code refers to it, so tell the linker that it is needed.
  target_link_options(${name} INTERFACE "LINKER:-u,interloop_throw_traces")
  set(INTERLOOP_THROW_TRACES_TARGETS ${INTERLOOP_THROW_TRACES_TARGETS} ${name} PARENT_SCOPE)
endfunction()

interloop_add_throw_traces(interloop_throw_traces "" core/failure/throw_traces/interpose.cpp PkgConfig::interloop_pc_libdw)
get_target_property(interloop_type interloop_throw_traces TYPE)
if(interloop_type STREQUAL "STATIC_LIBRARY")
  # By name, so that the program chooses between the static and the shared library of that name.
  interloop_add_throw_traces(interloop_throw_traces_static STATIC core/failure/throw_traces/interpose_static.cpp
    ${interloop_pc_libdw_STATIC_LIBRARIES})
  target_link_options(interloop_throw_traces_static INTERFACE "LINKER:--wrap=__cxa_throw")
else()
  target_link_options(interloop_throw_traces PRIVATE "LINKER:-z,nodelete")
endif()
