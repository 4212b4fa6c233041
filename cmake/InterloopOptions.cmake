# SPDX-License-Identifier: MIT
# The project's options, and the settings of all its own targets: C++20, warnings, sanitizers, ccache.

include(GNUInstallDirs)
find_package(Threads REQUIRED)

# The rooms of the core, from the lowest to the highest.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/core/rooms.txt")
file(STRINGS "${PROJECT_SOURCE_DIR}/core/rooms.txt" interloop_rooms REGEX "^[a-z]")
list(TRANSFORM interloop_rooms REPLACE " .*" "")

option(BUILD_SHARED_LIBS "Build shared libraries" OFF)
option(INTERLOOP_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(INTERLOOP_BUILD_BENCH "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(INTERLOOP_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(INTERLOOP_INSTALL "Install headers, libraries, CMake package and pkg-config files" ${PROJECT_IS_TOP_LEVEL})
option(INTERLOOP_WARNINGS_AS_ERRORS "Stop at a compiler warning" OFF)

# The library and its users must agree on this one, so it is part of the exported target and of interloop.pc.
string(COMPARE EQUAL "${CMAKE_BUILD_TYPE}" "Debug" interloop_is_debug)
option(INTERLOOP_CHECKED "Throw wrong_thread where a loop's object is used in another thread" ${interloop_is_debug})

set(INTERLOOP_SANITIZE "" CACHE STRING "Sanitizers for all targets: address,undefined or thread")

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_CXX_EXTENSIONS OFF)
  find_program(INTERLOOP_CCACHE ccache)
  if(INTERLOOP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND EXISTS "${CMAKE_CURRENT_LIST_DIR}/../tools/ccache.sh")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_CURRENT_LIST_DIR}/../tools/ccache.sh")
  endif()
endif()

if(INTERLOOP_SANITIZE)
  add_compile_options(-fsanitize=${INTERLOOP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${INTERLOOP_SANITIZE})
endif()

if(PROJECT_IS_TOP_LEVEL AND INTERLOOP_BUILD_TESTS)
  find_program(INTERLOOP_MOLD mold)  # hundreds of large programs are linked
  if(INTERLOOP_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

# Warnings for one of the project's own targets. They are private: users of the library do not see them.
function(interloop_set_warnings target)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND (PROJECT_IS_TOP_LEVEL OR INTERLOOP_WARNINGS_AS_ERRORS))
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
      $<$<BOOL:${INTERLOOP_WARNINGS_AS_ERRORS}>:-Werror>)
    if(INTERLOOP_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # With instrumentation, moving an empty std::optional looks uninitialized to g++ 12, as its manual warns.
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
  endif()
endfunction()

# The shared libraries export what is in the namespace interloop, and each symbol has the version of the library's soname:
# a program never gets other libraries' code from here, and the dynamic linker refuses a library of another version. Not for
# throw_traces, because what replaces a function of the C++ runtime must have no version.
set(interloop_exports "${PROJECT_BINARY_DIR}/exports.map")
configure_file("${CMAKE_CURRENT_LIST_DIR}/exports.map.in" "${interloop_exports}" @ONLY)
function(interloop_set_exports target)
  get_target_property(type ${target} TYPE)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND type STREQUAL "SHARED_LIBRARY" AND NOT target MATCHES "throw_traces")
    target_link_options(${target} PRIVATE "LINKER:--version-script=${interloop_exports}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${interloop_exports}")
  endif()
endfunction()

# What the core and each compiled adapter have in common. The alias of interloop_libuv is interloop::libuv.
function(interloop_setup_target target)
  string(REGEX REPLACE "^interloop_" "" export_name ${target})
  string(REPLACE "_" "-" output_name ${target})
  add_library(interloop::${export_name} ALIAS ${target})

  get_target_property(type ${target} TYPE)
  set(scope PUBLIC)
  if(type STREQUAL "INTERFACE_LIBRARY")
    set(scope INTERFACE)
  else()
    interloop_set_warnings(${target})
    set_target_properties(${target} PROPERTIES
      OUTPUT_NAME ${output_name}
      POSITION_INDEPENDENT_CODE ON
      CXX_EXTENSIONS OFF
      INSTALL_RPATH "$<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>"
      VERSION ${PROJECT_VERSION}
      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
    interloop_set_exports(${target})
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${export_name})

  target_compile_features(${target} ${scope} cxx_std_20)
  if(target STREQUAL "interloop")
    foreach(room IN LISTS interloop_rooms)
      target_include_directories(${target} ${scope} "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core/${room}/include>")
    endforeach()
    target_include_directories(${target} ${scope} "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_link_libraries(${target} ${scope} Threads::Threads)
    if(INTERLOOP_CHECKED)
      target_compile_definitions(${target} ${scope} INTERLOOP_CHECKED=1)
    endif()
  else()
    target_link_libraries(${target} ${scope} interloop)
  endif()
endfunction()
