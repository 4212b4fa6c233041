# SPDX-License-Identifier: MIT
# One call gives an adapter a target, an option and an installed component.
#
#   interloop_add_adapter(<loop>
#     [SOURCES <file>...]     none: the adapter is headers only
#     [HEADERS <file>...]     default: include/interloop/adapters/<loop>.hpp
#     PKG_CONFIG <module>     where to find the native library: a pkg-config module ...
#   | FIND_PACKAGE <args>...  ... or find_package(<args>...), and the targets that it defines
#     TARGETS <target>...
#     DEBIAN <package>        named in the message if the library is required but not found
#     [WHAT <word>]           what to call it in messages; default: adapter
#     [COMPONENTS <name>...]) other adapters that it needs and links with; if one is missing, this is off
#
# It makes the target interloop_<loop> (alias interloop::<loop>) and the option INTERLOOP_WITH_<LOOP>: AUTO builds the
# adapter if its library is found, ON requires it, OFF omits it. INTERLOOP_WITH_DEFAULT is the initial value of the
# options. The global property INTERLOOP_ADAPTERS lists the adapters that are built, and each target's property
# INTERLOOP_HEADERS its headers.

set(INTERLOOP_WITH_DEFAULT AUTO CACHE STRING "What INTERLOOP_WITH_<LOOP> is where nobody sets it: AUTO, ON or OFF")
set_property(CACHE INTERLOOP_WITH_DEFAULT PROPERTY STRINGS AUTO ON OFF)
set_property(GLOBAL PROPERTY INTERLOOP_ADAPTERS "")

function(interloop_add_adapter loop)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PKG_CONFIG;DEBIAN;WHAT" "SOURCES;HEADERS;FIND_PACKAGE;TARGETS;COMPONENTS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "interloop_add_adapter(${loop}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()

  if(NOT arg_WHAT)
    set(arg_WHAT adapter)
  endif()

  string(TOUPPER "${loop}" upper)
  set(option INTERLOOP_WITH_${upper})
  set(${option} "${INTERLOOP_WITH_DEFAULT}" CACHE STRING "Build the ${loop} ${arg_WHAT}: AUTO (if found), ON or OFF")
  set_property(CACHE ${option} PROPERTY STRINGS AUTO ON OFF)
  string(TOUPPER "${${option}}" wanted)
  if(NOT wanted STREQUAL "AUTO" AND NOT wanted)
    message(STATUS "interloop: ${loop} ${arg_WHAT} off (${option}=${${option}})")
    return()
  endif()
  foreach(component IN LISTS arg_COMPONENTS)
    if(NOT TARGET interloop_${component})
      message(STATUS "interloop: ${loop} ${arg_WHAT} off (it needs ${component}, which is off)")
      return()
    endif()
  endforeach()

  if(arg_PKG_CONFIG)
    set(dependency "${arg_PKG_CONFIG}")
    set(targets PkgConfig::interloop_pc_${loop})
    set(find "find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(interloop_pc_${loop} QUIET IMPORTED_TARGET GLOBAL ${arg_PKG_CONFIG})
endif()")
  else()
    list(JOIN arg_FIND_PACKAGE " " dependency)
    set(targets ${arg_TARGETS})
    set(find "find_package(${dependency} QUIET)")
  endif()
  cmake_language(EVAL CODE "${find}")
  foreach(target IN LISTS targets)
    if(TARGET ${target})
      continue()
    endif()
    if(wanted STREQUAL "AUTO")
      message(STATUS "interloop: ${loop} ${arg_WHAT} off (${dependency} not found; Debian has it as ${arg_DEBIAN})")
      return()
    endif()
    message(FATAL_ERROR "${option} is ${${option}}, but ${dependency} was not found. "
      "On Debian: apt-get install ${arg_DEBIAN}. To build without it: -D${option}=OFF.")
  endforeach()

  if(arg_SOURCES)
    add_library(interloop_${loop} ${arg_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(interloop_${loop} INTERFACE)
    set(scope INTERFACE)
  endif()
  interloop_setup_target(interloop_${loop})
  list(TRANSFORM arg_COMPONENTS PREPEND interloop_ OUTPUT_VARIABLE components)
  target_link_libraries(interloop_${loop} ${scope} ${components} ${targets})

  if(NOT arg_HEADERS)
    set(arg_HEADERS include/interloop/adapters/${loop}.hpp)
  endif()
  set_target_properties(interloop_${loop} PROPERTIES
    INTERLOOP_HEADERS "${arg_HEADERS}"
    INTERLOOP_FIND "${find}"
    INTERLOOP_FIND_TARGETS "${targets}"
    INTERLOOP_DEPENDENCY "${dependency}"
    INTERLOOP_COMPONENTS "${arg_COMPONENTS}"
    INTERLOOP_WHAT "${arg_WHAT}"
    INTERLOOP_PC_REQUIRES "${arg_PKG_CONFIG}")
  set_property(GLOBAL APPEND PROPERTY INTERLOOP_ADAPTERS ${loop})
  message(STATUS "interloop: ${loop} ${arg_WHAT} on")
endfunction()
