# SPDX-License-Identifier: MIT
# Precompiled headers for the core and the examples, in the presets with sanitizers. They hide missing includes and,
# with g++, warnings about templates, so the other presets compile as users do. The tests have their own precompiled
# headers in every preset (InterloopTest.cmake).

option(INTERLOOP_SHARED_HEADERS "Precompile headers for the core and the examples; everything must use -fPIC" OFF)

# Options that ccache requires; with clang, a precompiled header from the cache may be as new as the file that uses it.
# -pthread, because newer releases of GLib require it.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(interloop_pch_options -pthread -fpch-preprocess)
else()
  set(interloop_pch_options -pthread "SHELL:-Xclang -fno-pch-timestamp")
endif()

# interloop_precompile(<target> <header>...): makes a target whose precompiled header others use.
function(interloop_precompile target)
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp" CONTENT "// Only the precompiled header matters.\n")
  add_library(${target} OBJECT "${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp")
  interloop_set_warnings(${target})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  target_compile_options(${target} PRIVATE ${interloop_pch_options})
endfunction()

# interloop_take_headers(<target> <from>)
function(interloop_take_headers target from)
  target_precompile_headers(${target} REUSE_FROM ${from})
  target_compile_options(${target} PRIVATE ${interloop_pch_options})
endfunction()

# interloop_share_headers(<target>): for a target of the project itself that is compiled like users' code.
function(interloop_share_headers target)
  if(INTERLOOP_SHARED_HEADERS)
    interloop_take_headers(${target} interloop_shared_headers)
  endif()
endfunction()

if(INTERLOOP_SHARED_HEADERS)
  interloop_precompile(interloop_shared_headers
    <interloop/interloop.hpp> <interloop/loop_port.hpp>
    <algorithm> <array> <atomic> <charconv> <condition_variable> <exception> <functional> <memory> <mutex> <optional>
    <string> <thread> <unordered_map> <vector>)
  set_target_properties(interloop_shared_headers PROPERTIES CXX_EXTENSIONS OFF)
  target_include_directories(interloop_shared_headers PRIVATE 
    "$<TARGET_PROPERTY:interloop,INTERFACE_INCLUDE_DIRECTORIES>")
  if(INTERLOOP_CHECKED)
    target_compile_definitions(interloop_shared_headers PRIVATE INTERLOOP_CHECKED=1)
  endif()
endif()
