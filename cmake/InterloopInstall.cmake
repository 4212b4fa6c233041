# SPDX-License-Identifier: MIT
# Installs the headers, the libraries, the CMake package and the pkg-config files. Included once, after all adapters.
#
# CMake's installation components, for packagers (`cmake --install --component`): <name> has a part's shared library, and
# <name>_dev what building with it needs; `core` and `core_dev` are the core's, and
# <folder>_dev has the headers that several parts share. `tools` has interloop-ps.

include(CMakePackageConfigHelpers)

set(interloop_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/interloop")
set(interloop_generated "${PROJECT_BINARY_DIR}/package")

# A .pc file finds its prefix relative to itself, so that `cmake --install --prefix` and moved trees work.
file(RELATIVE_PATH interloop_pc_to_prefix "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")

function(interloop_install_pc name description requires libs cflags)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/interloop.pc.in" "${interloop_generated}/${name}.pc" @ONLY)
  install(FILES "${interloop_generated}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME core_dev)
# interloop_install_target(<target> <export set> [<name>]): with the name, a shared library is in the component <name>.
function(interloop_install_target target export_set)
  set(components "")
  if(ARGN)
    set(components LIBRARY COMPONENT ${ARGN} NAMELINK_COMPONENT ${ARGN}_dev)
  elseif(target MATCHES "^interloop_every_loop_(.+)$")
    set(loop "${CMAKE_MATCH_1}")
    if(TARGET interloop_${loop})
      set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME ${loop}_dev)  # a loop's fixture is in the loop's package
    endif()
  endif()
  install(TARGETS ${target} EXPORT ${export_set} ${components})
  install(EXPORT ${export_set} NAMESPACE interloop:: DESTINATION "${interloop_cmake_dir}")
endfunction()

interloop_install_target(interloop interloop-targets core)
# interloop_install_headers(<folder>): those in <folder>/include.
function(interloop_install_headers folder)
  if(EXISTS "${folder}/include")  # an internal part has none
    install(DIRECTORY "${folder}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp"
      PATTERN "*.h")
  endif()
endfunction()

foreach(room IN LISTS interloop_rooms)
  interloop_install_headers("${PROJECT_SOURCE_DIR}/core/${room}")
endforeach()
set(interloop_checked_flag "")
if(INTERLOOP_CHECKED)
  set(interloop_checked_flag "-DINTERLOOP_CHECKED=1")
endif()
interloop_install_pc(interloop "${PROJECT_DESCRIPTION}" "" "-L\${libdir} -linterloop -pthread"
  "-I\${includedir} ${interloop_checked_flag}")

get_property(interloop_components GLOBAL PROPERTY INTERLOOP_COMPONENTS)
foreach(name IN LISTS interloop_components)
  set(target interloop_${name})
  set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME ${name}_dev)
  interloop_install_target(${target} interloop-${name}-targets ${name})
  foreach(property IN ITEMS FOLDER FOLDERS FIND FIND_TARGETS DEPENDENCY NEEDS WHAT PC_REQUIRES PC_LIBS)
    get_target_property(${property} ${target} INTERLOOP_${property})
  endforeach()
  foreach(folder IN LISTS FOLDERS)
    if(NOT folder STREQUAL FOLDER)  # another part installs it too, so it is a component of its own
      get_filename_component(shared "${folder}" NAME)
      set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME ${shared}_dev)
    endif()
    interloop_install_headers("${folder}")
  endforeach()
  set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME ${name}_dev)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/interloop-component.cmake.in"
    "${interloop_generated}/interloop-${name}.cmake" @ONLY)
  file(GLOB find_modules "${FOLDER}/Find*.cmake")
  install(FILES "${interloop_generated}/interloop-${name}.cmake" ${find_modules} DESTINATION "${interloop_cmake_dir}")

  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    set(libs "")
  else()
    get_target_property(output_name ${target} OUTPUT_NAME)
    set(libs "-L\${libdir} -l${output_name}")
  endif()
  list(JOIN PC_LIBS " " PC_LIBS)
  string(APPEND libs " ${PC_LIBS}")
  set(requires "interloop = ${PROJECT_VERSION}")
  foreach(component IN LISTS NEEDS)
    string(REPLACE "_" "-" component "${component}")
    string(APPEND requires " interloop-${component} = ${PROJECT_VERSION}")
  endforeach()
  string(REPLACE "_" "-" pc_name "interloop-${name}")
  interloop_install_pc(${pc_name} "interloop's ${WHAT} for ${name}" "${requires} ${PC_REQUIRES}" "${libs}" "")
endforeach()

# The conformance suite is a component too, but has no native library to find.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME conformance_dev)
interloop_install_target(interloop_conformance interloop-conformance-targets conformance)
interloop_install_headers("${PROJECT_SOURCE_DIR}/conformance")
set(name conformance)
set(NEEDS "")
set(FIND "")
set(FIND_TARGETS "")
configure_file("${PROJECT_SOURCE_DIR}/cmake/interloop-component.cmake.in"
  "${interloop_generated}/interloop-conformance.cmake" @ONLY)
install(FILES "${interloop_generated}/interloop-conformance.cmake" DESTINATION "${interloop_cmake_dir}")

# So is every_loop, with a target for each loop, each in a file of its own, for packages that have one loop.
set(interloop_every_loop_component "")
if(INTERLOOP_WITH_EVERY_LOOP AND TARGET interloop_every_loop_class)
  set(interloop_every_loop_component every_loop)
  interloop_install_target(interloop_every_loop_class interloop-every_loop-targets)
  interloop_install_headers("${PROJECT_SOURCE_DIR}/every_loop")
  get_property(interloop_fixtures GLOBAL PROPERTY INTERLOOP_EVERY_LOOP)
  foreach(loop IN LISTS interloop_fixtures)
    interloop_install_target(interloop_every_loop_${loop} interloop-every_loop_${loop}-targets)
  endforeach()
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/interloop-every_loop.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/InterloopEveryLoopTest.cmake" DESTINATION "${interloop_cmake_dir}")
endif()

# The library that `python -m interloop new`, and new.sh in it, copy.
if(EXISTS "${PROJECT_SOURCE_DIR}/examples/starter/new.sh")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples/starter" DESTINATION "${CMAKE_INSTALL_DATADIR}/interloop"
    COMPONENT tools USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE)
endif()

# So is throw_traces, with two targets.
set(interloop_throw_traces_component "")
if(INTERLOOP_THROW_TRACES_TARGETS)
  set(interloop_throw_traces_component throw_traces)
  set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME throw_traces_dev)
  install(TARGETS ${INTERLOOP_THROW_TRACES_TARGETS} EXPORT interloop-throw_traces-targets
    LIBRARY COMPONENT throw_traces NAMELINK_COMPONENT throw_traces_dev)
  install(EXPORT interloop-throw_traces-targets NAMESPACE interloop:: DESTINATION "${interloop_cmake_dir}")
  set(name throw_traces)
  set(requires "interloop = ${PROJECT_VERSION}")
  set(requires_libdw "${requires}")
  if(TARGET PkgConfig::interloop_pc_libdw)
    set(FIND "${INTERLOOP_LIBDW_FIND}")
    set(FIND_TARGETS PkgConfig::interloop_pc_libdw)
    set(DEPENDENCY libdw)
    string(APPEND requires_libdw " libdw")
    list(TRANSFORM interloop_pc_libdw_STATIC_LIBRARIES PREPEND "-l" OUTPUT_VARIABLE static_libs)
    list(JOIN static_libs " " static_libs)
  endif()
  configure_file("${PROJECT_SOURCE_DIR}/cmake/interloop-component.cmake.in"
    "${interloop_generated}/interloop-throw_traces.cmake" @ONLY)
  install(FILES "${interloop_generated}/interloop-throw_traces.cmake" DESTINATION "${interloop_cmake_dir}")
  set(wanted "-Wl,-u,interloop_throw_traces -L\${libdir}")
  interloop_install_pc(interloop-throw-traces "interloop's throw_traces: from where exceptions are thrown"
    "${requires_libdw}" "${wanted} -linterloop-throw-traces" "")
  if(TARGET interloop_throw_traces_static)
    interloop_install_pc(interloop-throw-traces-static "interloop's throw_traces, for a C++ runtime that is linked statically"
      "${requires}" "-Wl,--wrap=__cxa_throw ${wanted} -linterloop-throw-traces-static ${static_libs}" "")
  endif()
endif()

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME core_dev)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/interloopConfig.cmake.in"
  "${interloop_generated}/interloopConfig.cmake" INSTALL_DESTINATION "${interloop_cmake_dir}"
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${interloop_generated}/interloopConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${interloop_generated}/interloopConfig.cmake"
  "${interloop_generated}/interloopConfigVersion.cmake"
  DESTINATION "${interloop_cmake_dir}")
