# SPDX-License-Identifier: MIT
# After a GoogleTest program is built: writes the file in which ctest finds one test for each of its suites.
# Usage: cmake -DPROGRAM=<file> -DPREFIX=<name> -DOUTPUT=<file> -DPROPERTIES=<name;value...> -P list_suites.cmake

execute_process(COMMAND "${PROGRAM}" --gtest_list_tests OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "(^|\n)[A-Za-z0-9_/]+\\." suites "${listed}")
if(NOT suites)
  message(FATAL_ERROR "${PROGRAM} lists no tests")
endif()
# Labels are a list in one argument; the last property.
string(REGEX MATCH "^(.*);LABELS;(.*)$" matched "${PROPERTIES}")
string(REPLACE ";" " " properties "${CMAKE_MATCH_1}")
string(APPEND properties " LABELS [==[${CMAKE_MATCH_2}]==]")
set(text "")
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "[\n.]" "" suite "${suite}")
  string(APPEND text "add_test([==[${PREFIX}.${suite}]==] [==[${PROGRAM}]==] [==[--gtest_filter=${suite}.*]==])\n"
    "set_tests_properties([==[${PREFIX}.${suite}]==] PROPERTIES ${properties})\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
