# SPDX-License-Identifier: MIT
# The component every_loop: tests of a library on every loop that there is. Installed; docs/testing-your-library.md
# shows it.

# interloop_add_every_loop_test(<name> <source>... [LIBRARIES <target>...] [LOOPS <loop>...] [EXCEPT <loop>...]
#                               [TIMEOUT <seconds>] [LABELS <label>...] [PROGRAMS <variable>])
#
# A test program <name>_<loop> for each loop that is installed, and for the manual one, which ctest sees as
# <name>.<loop>. The sources are compiled once, as the object library <name>, which has the usual properties of a target
# and to which target_link_libraries() and the like apply; each program links them with the loop.
#
#   LIBRARIES  what the tests link with: the library under test, a test framework with a `main`
#   LOOPS      only on these, if they are installed; `manual` is one
#   EXCEPT     not on these; a name of a loop that is not installed is ignored
#   TIMEOUT    of each program; default: 300
#   LABELS     for ctest -L, besides the loop's name
#   PROGRAMS   gets the names of the programs, for the framework's own way to tell ctest of each test
function(interloop_add_every_loop_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;PROGRAMS" "SOURCES;LIBRARIES;LOOPS;EXCEPT;LABELS")
  set(sources ${arg_UNPARSED_ARGUMENTS} ${arg_SOURCES})
  if(NOT sources)
    message(FATAL_ERROR "interloop_add_every_loop_test(${name}): name the test's sources.")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  get_property(loops GLOBAL PROPERTY INTERLOOP_EVERY_LOOP)
  set(installed ${loops})
  if(arg_LOOPS)
    set(loops ${arg_LOOPS})
    foreach(loop IN LISTS arg_LOOPS)
      if(NOT loop IN_LIST installed)
        message(STATUS "interloop: no ${name}_${loop}, as this installation has no such loop")
        list(REMOVE_ITEM loops ${loop})
      endif()
    endforeach()
  endif()
  if(arg_EXCEPT)
    list(REMOVE_ITEM loops ${arg_EXCEPT})
  endif()
  if(NOT loops)
    list(JOIN installed ", " installed)
    message(FATAL_ERROR "interloop_add_every_loop_test(${name}): no loop is left to test on; there are ${installed}.")
  endif()

  add_library(${name} OBJECT ${sources})
  target_link_libraries(${name} PUBLIC interloop::every_loop ${arg_LIBRARIES})
  set(programs)
  foreach(loop IN LISTS loops)
    add_executable(${name}_${loop})
    target_link_libraries(${name}_${loop} PRIVATE ${name} interloop::every_loop_${loop})
    add_test(NAME ${name}.${loop} COMMAND ${name}_${loop})
    set_tests_properties(${name}.${loop} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${loop};${arg_LABELS}")
    list(APPEND programs ${name}_${loop})
  endforeach()
  if(arg_PROGRAMS)
    set(${arg_PROGRAMS} ${programs} PARENT_SCOPE)
  endif()
endfunction()
