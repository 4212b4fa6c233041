# SPDX-License-Identifier: MIT
# One call gives an optional part of the library (a loop's adapter, a client, logging, a connection to another logging
# system) a target, an option and an installed component. It stands in the CMakeLists.txt of the part's folder, which
# has:
#
#   *.cpp               the sources; with none, the part is headers only (except fixture.cpp, see every_loop/)
#   include/interloop/  the public headers
#   packages.txt        Debian packages, as in tools/packages.txt; the first one has the native library, if there is one
#   Find*.cmake         if needed, how find_package finds the library; installed too
#   tests/*_test.cpp    test programs
#
# A client, clients/<client>/, also has:
#
#   include/interloop/<client>.hpp       all of it; parts of it are in include/interloop/<client>/
#   tests/installed.cpp  a program that uses the installed client without its server, on interloop::LOOP_CLASS of
#                        <HEADER>, which are macros, and prints "ok" (tests/package/)
#   bench/CMakeLists.txt  if it has benchmarks (bench/)
#   README.md            its page
#
#   interloop_add_component(<name>
#     PKG_CONFIG <module>...  where to find the native library: pkg-config modules ...
#   | FIND_PACKAGE <args>...  ... or find_package(<args>...), and the targets that it defines
#     TARGETS <target>...
#     [PC_LIBS <flag>...]       what these link with, for users of pkg-config
#   | nothing                 for a loop that needs no library
#     [LINKS_FIRST]             with PKG_CONFIG: the module's libraries precede all others in programs that use this part,
#                               because another library exports functions of the same names
#     [SHARES <folder>...]    other folders whose include/ belongs to this part too
#     [WHAT <word>]           what to call it in messages; default: adapter. `client` for those in clients/
#     [COMPONENTS <name>...]  other components that it needs and links with; if one is missing, this is off
#     [OPTIONAL <module>...]    pkg-config modules that it links with if they are found; its sources then see
#                             INTERLOOP_WITH_<MODULE>
#     [USES <name>...]        clients that it links with if they are built; its sources then see INTERLOOP_WITH_<NAME>
#     [INTERNAL])             a part in clients/ that other components need: it is built with the first of these, and has
#                             no option and no public headers
#
# It makes the target interloop_<name> (alias interloop::<name>) and the option INTERLOOP_WITH_<NAME>: AUTO builds the
# part if its library is found, ON requires it, OFF omits it. INTERLOOP_WITH_DEFAULT is the initial value of the
# options. The global property INTERLOOP_COMPONENTS lists the parts that are built, INTERLOOP_LOOPS and INTERLOOP_CLIENTS
# those of them in loops/ and in clients/. Each target's property INTERLOOP_FOLDER is the part's folder,
# INTERLOOP_FOLDERS that and those that it shares.

set(INTERLOOP_WITH_DEFAULT AUTO CACHE STRING "What INTERLOOP_WITH_<NAME> is where nobody sets it: AUTO, ON or OFF")
set_property(CACHE INTERLOOP_WITH_DEFAULT PROPERTY STRINGS AUTO ON OFF)
set_property(GLOBAL PROPERTY INTERLOOP_COMPONENTS "")
set_property(GLOBAL PROPERTY INTERLOOP_LOOPS "")
set_property(GLOBAL PROPERTY INTERLOOP_CLIENTS "")

function(interloop_add_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "LINKS_FIRST;INTERNAL" "WHAT"
    "PKG_CONFIG;FIND_PACKAGE;TARGETS;PC_LIBS;COMPONENTS;OPTIONAL;USES;SHARES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "interloop_add_component(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(arg_INTERNAL)
    set(arg_WHAT part)
  elseif(NOT arg_WHAT)
    set(arg_WHAT adapter)
  endif()
  list(JOIN arg_PKG_CONFIG " " arg_PKG_CONFIG)
  set(package "")
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/packages.txt")
    file(STRINGS packages.txt package REGEX "^[a-z]" LIMIT_COUNT 1)
    string(REGEX MATCH "^[^ ]+" package "${package}")
  endif()

  string(TOUPPER "${name}" upper)
  set(option INTERLOOP_WITH_${upper})
  if(arg_INTERNAL)
    set(${option} AUTO)
  else()
    set(${option} "${INTERLOOP_WITH_DEFAULT}" CACHE STRING "Build the ${name} ${arg_WHAT}: AUTO (if found), ON or OFF")
    set_property(CACHE ${option} PROPERTY STRINGS AUTO ON OFF)
  endif()
  string(TOUPPER "${${option}}" wanted)
  if(NOT wanted STREQUAL "AUTO" AND NOT wanted)
    message(STATUS "interloop: ${name} ${arg_WHAT} off (${option}=${${option}})")
    return()
  endif()
  foreach(component IN LISTS arg_COMPONENTS arg_USES)
    interloop_add_client_folder(${component})
    if(TARGET interloop_${component} AND component IN_LIST arg_USES)
      list(APPEND arg_COMPONENTS ${component})
    endif()
  endforeach()
  foreach(component IN LISTS arg_COMPONENTS)
    if(NOT TARGET interloop_${component})
      message(STATUS "interloop: ${name} ${arg_WHAT} off (it needs ${component}, which is off)")
      return()
    endif()
  endforeach()

  list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_SOURCE_DIR}")
  if(arg_PKG_CONFIG)
    set(dependency "${arg_PKG_CONFIG}")
    set(targets PkgConfig::interloop_pc_${name})
    set(find "find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(interloop_pc_${name} QUIET IMPORTED_TARGET GLOBAL ${arg_PKG_CONFIG})
endif()")
  elseif(arg_FIND_PACKAGE)
    list(JOIN arg_FIND_PACKAGE " " dependency)
    set(targets ${arg_TARGETS})
    set(mode "")
    list(GET arg_FIND_PACKAGE 0 package_name)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/Find${package_name}.cmake")
      set(mode "MODULE ")  # also where CMAKE_FIND_PACKAGE_PREFER_CONFIG is set, as Conan does: its own file has other targets
    endif()
    set(find "find_package(${dependency} ${mode}QUIET)")
  else()
    set(dependency "")
    set(targets "")
    set(find "")
  endif()
  cmake_language(EVAL CODE "${find}")
  foreach(target IN LISTS targets)
    if(TARGET ${target})
      continue()
    endif()
    if(wanted STREQUAL "AUTO")
      message(STATUS "interloop: ${name} ${arg_WHAT} off (${dependency} not found; Debian has it as ${package})")
      return()
    endif()
    message(FATAL_ERROR "${option} is ${${option}}, but ${dependency} was not found. "
      "On Debian: apt-get install ${package}. To build without it: -D${option}=OFF.")
  endforeach()
  set(definitions "")
  foreach(module IN LISTS arg_OPTIONAL)
    set(find_module "find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(interloop_pc_${module} QUIET IMPORTED_TARGET GLOBAL ${module})
endif()")
    cmake_language(EVAL CODE "${find_module}")
    if(TARGET PkgConfig::interloop_pc_${module})
      list(APPEND targets PkgConfig::interloop_pc_${module})
      string(APPEND find "\n${find_module}")
      string(APPEND dependency " and ${module}")
      string(APPEND arg_PKG_CONFIG " ${module}")
      string(MAKE_C_IDENTIFIER "INTERLOOP_WITH_${module}" definition)
      string(TOUPPER "${definition}=1" definition)
      list(APPEND definitions "${definition}")
    else()
      message(STATUS "interloop: ${name} ${arg_WHAT} without ${module} (not found)")
    endif()
  endforeach()

  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/fixture\\.cpp$")
  if(sources)
    add_library(interloop_${name} ${sources})
    set(scope PUBLIC)
    target_include_directories(interloop_${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  else()
    add_library(interloop_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  interloop_setup_target(interloop_${name})
  list(TRANSFORM arg_SHARES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" OUTPUT_VARIABLE folders)
  list(PREPEND folders "${CMAKE_CURRENT_SOURCE_DIR}")
  foreach(folder IN LISTS folders)
    target_include_directories(interloop_${name} ${scope} "$<BUILD_INTERFACE:${folder}/include>")
  endforeach()
  foreach(component IN LISTS arg_USES)
    if(component IN_LIST arg_COMPONENTS)
      string(TOUPPER "INTERLOOP_WITH_${component}" definition)
      target_compile_definitions(interloop_${name} PRIVATE ${definition}=1)
    endif()
  endforeach()
  list(TRANSFORM arg_COMPONENTS PREPEND interloop_ OUTPUT_VARIABLE components)
  if(definitions)
    target_compile_definitions(interloop_${name} PRIVATE ${definitions})
  endif()
  target_link_libraries(interloop_${name} ${scope} ${components} ${targets})
  if(arg_LINKS_FIRST)
    # One option, which stands before the program's objects. The libraries' own calls follow the same order.
    set(libraries "$<TARGET_PROPERTY:${targets},INTERFACE_LINK_LIBRARIES>")
    target_link_options(interloop_${name} INTERFACE
      "LINKER:--push-state,--no-as-needed,$<JOIN:${libraries},$<COMMA>>,--pop-state")
  endif()
  set_target_properties(interloop_${name} PROPERTIES
    INTERLOOP_FOLDER "${CMAKE_CURRENT_SOURCE_DIR}"
    INTERLOOP_FOLDERS "${folders}"
    INTERLOOP_FIND "${find}"
    INTERLOOP_FIND_TARGETS "${targets}"
    INTERLOOP_DEPENDENCY "${dependency}"
    INTERLOOP_NEEDS "${arg_COMPONENTS}"
    INTERLOOP_WHAT "${arg_WHAT}"
    INTERLOOP_PC_REQUIRES "${arg_PKG_CONFIG}"
    INTERLOOP_PC_LIBS "${arg_PC_LIBS}")
  set_property(GLOBAL APPEND PROPERTY INTERLOOP_COMPONENTS ${name})
  get_filename_component(parent "${CMAKE_CURRENT_SOURCE_DIR}" DIRECTORY)
  if(parent STREQUAL "${PROJECT_SOURCE_DIR}/loops")
    set_property(GLOBAL APPEND PROPERTY INTERLOOP_LOOPS ${name})
  elseif(parent STREQUAL "${PROJECT_SOURCE_DIR}/clients")
    if(NOT arg_INTERNAL)
      set_property(GLOBAL APPEND PROPERTY INTERLOOP_CLIENTS ${name})
    endif()
    if(sources)
      interloop_share_headers(interloop_${name})
    endif()
  endif()
  message(STATUS "interloop: ${name} ${arg_WHAT} on")
endfunction()

# interloop_add_folders(<folder>): adds the CMakeLists.txt of each folder in <folder>. A folder that is not there is
# missed by nobody.
function(interloop_add_folders folder)
  file(GLOB folders CONFIGURE_DEPENDS "${folder}/*/CMakeLists.txt")
  foreach(each IN LISTS folders)
    get_filename_component(each "${each}" DIRECTORY)
    get_property(added GLOBAL PROPERTY INTERLOOP_ADDED_FOLDERS)
    file(STRINGS "${each}/CMakeLists.txt" internal REGEX "^interloop_add_component\\(.* INTERNAL")
    if(NOT each IN_LIST added AND NOT internal)
      set_property(GLOBAL APPEND PROPERTY INTERLOOP_ADDED_FOLDERS "${each}")
      add_subdirectory("${each}")
    endif()
  endforeach()
endfunction()

# interloop_add_client_folder(<name>): adds clients/<name> before its turn, because another one needs it.
function(interloop_add_client_folder name)
  set(folder "${PROJECT_SOURCE_DIR}/clients/${name}")
  get_property(added GLOBAL PROPERTY INTERLOOP_ADDED_FOLDERS)
  if(EXISTS "${folder}/CMakeLists.txt" AND NOT folder IN_LIST added)
    set_property(GLOBAL APPEND PROPERTY INTERLOOP_ADDED_FOLDERS "${folder}")
    add_subdirectory("${folder}" "${PROJECT_BINARY_DIR}/clients/${name}")
  endif()
endfunction()

# interloop_headers_of(<target> <variable>): the public headers of an optional part, as they are included.
function(interloop_headers_of target variable)
  get_target_property(folder ${target} INTERLOOP_FOLDER)
  file(GLOB_RECURSE headers RELATIVE "${folder}/include" CONFIGURE_DEPENDS "${folder}/include/*.hpp")
  set(${variable} ${headers} PARENT_SCOPE)
endfunction()
