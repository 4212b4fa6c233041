# SPDX-License-Identifier: MIT
# Functions by which tests/ declares its tests. Every test has a timeout, so that a hang is a failure with a name; those
# that may take longest start first (COST), so that none runs alone at the end.

include(GoogleTest)
find_package(GTest REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

if(INTERLOOP_SANITIZE STREQUAL "thread" AND CMAKE_SYSTEM_NAME STREQUAL "Linux"
    AND NOT TARGET interloop_sanitizer_support)
  add_library(interloop_sanitizer_support OBJECT sanitizers/tsan_exceptions.cpp)
  target_compile_features(interloop_sanitizer_support PRIVATE cxx_std_20)
  target_link_libraries(interloop_sanitizer_support PUBLIC ${CMAKE_DL_LIBS})
  # What is not to be reported: ours, and each loop's.
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/loops/*/tsan.supp")
  file(WRITE "${PROJECT_BINARY_DIR}/tsan.supp" "")
  foreach(file IN ITEMS "${PROJECT_SOURCE_DIR}/tests/sanitizers/tsan.supp" LISTS files)
    file(READ "${file}" text)
    file(APPEND "${PROJECT_BINARY_DIR}/tsan.supp" "${text}")
  endforeach()
endif()

# Headers that nearly every test includes, precompiled once. A test with other compiler options cannot use them:
# OWN_HEADERS.
if(NOT TARGET interloop_test_headers)
  interloop_precompile(interloop_test_headers
    <gmock/gmock.h> <gtest/gtest.h> <interloop/interloop.hpp> <interloop/testing/manual_loop.hpp>
    <algorithm> <array> <atomic> <functional> <memory> <mutex> <optional> <random> <thread> <vector>)
  target_include_directories(interloop_test_headers PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(interloop_test_headers PRIVATE interloop::interloop GTest::gmock)
endif()

# interloop_add_test(<name> <source>... [OWN_HEADERS] [LIBS <target>...] [LABELS <label>...] [TIMEOUT <seconds>]
#                    [FIXTURE <name>] [PLAIN | BY_SUITE])
#
# A program of GoogleTest tests; ctest sees each of them as <name>.<suite>.<test>. With BY_SUITE, a process runs a whole
# suite, which ctest sees as <name>.<suite>: for thousands of short tests, which take less time than the start of a
# process. With PLAIN, a program with its own main, which is one ctest test. The name of the folder above the
# tests' is one of the labels (`future` for core/future/tests). LIBS are linked besides the core. FIXTURE is a ctest
# fixture that the tests require, with PLAIN or BY_SUITE.
function(interloop_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PLAIN;OWN_HEADERS;BY_SUITE" "TIMEOUT;FIXTURE" "LIBS;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  set(properties TIMEOUT ${arg_TIMEOUT} COST ${arg_TIMEOUT})
  if(arg_FIXTURE)
    list(APPEND properties FIXTURES_REQUIRED ${arg_FIXTURE})
  endif()
  get_filename_component(folder "${CMAKE_CURRENT_SOURCE_DIR}" DIRECTORY)
  get_filename_component(folder "${folder}" NAME)
  set(labels ${folder} ${arg_LABELS})

  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  interloop_set_warnings(${name})
  # The project's folder is there for tests of internal parts.
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE interloop::interloop ${arg_LIBS})
  if(TARGET interloop_sanitizer_support)
    target_link_libraries(${name} PRIVATE interloop_sanitizer_support)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:interloop_sanitizer_support>)
  endif()
  if(NOT arg_PLAIN AND NOT arg_OWN_HEADERS)
    interloop_take_headers(${name} interloop_test_headers)
  endif()
  if(arg_PLAIN)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ${properties} LABELS "${labels}")
  elseif(arg_BY_SUITE)
    target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main)
    set(suites "${CMAKE_CURRENT_BINARY_DIR}/${name}_suites.cmake")
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=$<TARGET_FILE:${name}>"
      "-DPREFIX=${name}" "-DOUTPUT=${suites}" "-DPROPERTIES=${properties};LABELS;${labels}"
      -P "${PROJECT_SOURCE_DIR}/cmake/list_suites.cmake")
    set(script "${CMAKE_CURRENT_BINARY_DIR}/${name}_include.cmake")
    file(CONFIGURE OUTPUT "${script}" @ONLY CONTENT "if(EXISTS \"@suites@\")
  include(\"@suites@\")
else()
  add_test(@name@_NOT_BUILT @name@_NOT_BUILT)
endif()
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
  else()
    target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT ${arg_TIMEOUT} COST ${arg_TIMEOUT})
    # gtest_discover_tests passes on only one label, so a script that ctest reads afterwards sets them.
    set(script "${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake")
    file(CONFIGURE OUTPUT "${script}" @ONLY CONTENT "foreach(test IN LISTS @name@_TESTS)
  set_tests_properties(\"\${test}\" PROPERTIES LABELS \"@labels@\")
endforeach()
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
  endif()
endfunction()

# interloop_add_memory_tests(<name>... [LIBS <target>...] [TIMEOUT <seconds>])
#
# Test programs <name>.cpp that count allocations or make them fail (tests/support/failing_new.hpp). With ThreadSanitizer,
# whose own operator new cannot be replaced, they are omitted.
function(interloop_add_memory_tests)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "LIBS;TIMEOUT")
  set(names ${arg_UNPARSED_ARGUMENTS})
  if(INTERLOOP_SANITIZE STREQUAL "thread")
    list(APPEND interloop_left_out ${names})
    set(interloop_left_out ${interloop_left_out} PARENT_SCOPE)
    return()
  endif()
  if(arg_TIMEOUT)
    list(PREPEND arg_TIMEOUT TIMEOUT)
  endif()
  foreach(name IN LISTS names)
    interloop_add_test(${name} ${name}.cpp "${PROJECT_SOURCE_DIR}/tests/support/failing_new.cpp"
      LIBS ${arg_LIBS} ${arg_TIMEOUT})
  endforeach()
endfunction()

# interloop_add_tests_here([LIBS <target>...] [LABELS <label>...])
#
# Makes each <name>_test.cpp of the folder a test of that name, except those already declared by interloop_add_test
# because they need more.
function(interloop_add_tests_here)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    if(NOT TARGET ${name} AND NOT name IN_LIST interloop_left_out)
      interloop_add_test(${name} "${source}" ${ARGN})
    endif()
  endforeach()
endfunction()

# interloop_add_header_checks(<target> <header>...)
#
# Compiles each header (as it is included) alone against <target>, included twice. If that fails, so does the
# build.
function(interloop_add_header_checks target)
  string(MAKE_C_IDENTIFIER "headers_${target}" name)
  set(sources)
  foreach(include IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "${include}" stem)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/headers/${stem}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include <@include@>\n#include <@include@>\n" @ONLY)
    list(APPEND sources "${source}")
  endforeach()
  if(sources)
    add_library(${name} OBJECT ${sources})
    interloop_set_warnings(${name})
    target_link_libraries(${name} PRIVATE ${target})
  endif()
endfunction()

# interloop_add_compile_fail_test(<file> [LIBS <target>...])
#
# The file is compiled with -DSHOULD_COMPILE, which must succeed, and without, which must fail with output that
# matches the regular expression in its first line (`// expect: <regex>`). The regex must fit both gcc and clang.
function(interloop_add_compile_fail_test file)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  get_filename_component(name "${file}" NAME_WE)
  get_filename_component(file "${file}" ABSOLUTE)

  # Never built: it exists only so that compile_commands.json says how it would be.
  set(target compile_fail_${name})
  add_library(${target} OBJECT EXCLUDE_FROM_ALL "${file}")
  target_link_libraries(${target} PRIVATE interloop::interloop GTest::gmock ${arg_LIBS})
  interloop_take_headers(${target} interloop_test_headers)
  add_test(NAME compile_fail.${name} COMMAND Python3::Interpreter
    "${PROJECT_SOURCE_DIR}/tests/compile_fail/expect_failure.py" "${file}" "${CMAKE_BINARY_DIR}/compile_commands.json")
  set_tests_properties(compile_fail.${name} PROPERTIES TIMEOUT 120 COST 120 LABELS compile_fail)
endfunction()
