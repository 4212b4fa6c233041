# SPDX-License-Identifier: MIT
# Functions by which examples/ declares its programs.

find_package(Python3 QUIET COMPONENTS Interpreter)

# interloop_use_short_names(<target>): makes tracebacks name its files as the documentation shows them. With ccache,
# names of sources are relative to the build folder.
function(interloop_use_short_names target)
  file(RELATIVE_PATH up "${CMAKE_BINARY_DIR}" "${PROJECT_SOURCE_DIR}/CMakeLists.txt")
  string(REGEX REPLACE "CMakeLists.txt$" "" up "${up}")
  target_compile_options(${target} PRIVATE "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=" "-fmacro-prefix-map=${up}=")
endfunction()

# interloop_add_example(<name> <source>... [LIBS <target>...] [EXPECTED <file> | SUITE])
#
# A program that links with the core. With EXPECTED it is also a test, labelled `examples`: its standard output has to
# equal that file's text. With SUITE it is one as well: it runs the conformance suite. LIBS are linked besides the core.
function(interloop_add_example name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SUITE" "EXPECTED" "LIBS")
  if(arg_SUITE)
    list(APPEND arg_LIBS interloop::conformance)
  endif()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  interloop_set_warnings(${name})
  target_link_libraries(${name} PRIVATE interloop::interloop ${arg_LIBS})
  interloop_use_short_names(${name})
  interloop_share_headers(${name})
  if(arg_EXPECTED AND Python3_FOUND AND INTERLOOP_BUILD_TESTS)
    get_filename_component(expected "${arg_EXPECTED}" ABSOLUTE)
    add_test(NAME examples.${name} COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/examples/expect_output.py"
      "${expected}" "$<TARGET_FILE:${name}>")
    set_tests_properties(examples.${name} PROPERTIES TIMEOUT 60 LABELS examples)
  endif()
  if(arg_SUITE AND INTERLOOP_BUILD_TESTS)
    add_test(NAME examples.${name} COMMAND ${name})
    set_tests_properties(examples.${name} PROPERTIES TIMEOUT 120 COST 120 LABELS examples)
  endif()
endfunction()

# interloop_add_example_on_every_loop(<name> <main> LIBS <target>... [EXPECTED <file>])
#
# <name>_<loop> for each loop that has the file <main>, relative to its folder.
function(interloop_add_example_on_every_loop name main)
  foreach(loop IN LISTS interloop_loops)
    get_target_property(folder interloop_${loop} INTERLOOP_FOLDER)
    if(EXISTS "${folder}/${main}")
      interloop_add_example(${name}_${loop} "${folder}/${main}" ${ARGN} interloop::${loop})
    endif()
  endforeach()
endfunction()
