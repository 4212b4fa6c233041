# SPDX-License-Identifier: MIT
# Runs a portfile without vcpkg, with the system's libraries: the functions below do what vcpkg's documentation says of them,
# as far as interloop's portfile uses them. cmake -DPORT=<folder> -DPACKAGES=<folder> -DFEATURES=<feature>[,...] -P this file
cmake_minimum_required(VERSION 3.22)
string(REPLACE "," ";" FEATURES "${FEATURES}")
file(READ "${PORT}/vcpkg.json" manifest)
string(JSON VERSION GET "${manifest}" version)
set(CURRENT_PACKAGES_DIR "${PACKAGES}")
set(buildtrees "${PACKAGES}-buildtrees")
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}" "${buildtrees}")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_FILE "${PACKAGES}.log" ERROR_FILE "${PACKAGES}.log")
  if(result)
    message(FATAL_ERROR "This failed, see ${PACKAGES}.log: ${ARGN}")
  endif()
endfunction()

function(vcpkg_check_features)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_FEATURE_OPTIONS" "FEATURES")
  set(options "")
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature variable)
    set(value OFF)
    if(feature IN_LIST FEATURES)
      set(value ON)
    endif()
    list(APPEND options "-D${variable}=${value}")
  endwhile()
  set(${arg_OUT_FEATURE_OPTIONS} "${options}" PARENT_SCOPE)
endfunction()

function(vcpkg_find_acquire_program variable)
  find_program(program NAMES pkg-config pkgconf REQUIRED)
  set(${variable} "${program}" PARENT_SCOPE)
endfunction()

# CMake warns about options that the project does not know; vcpkg makes that an error of the port's.
function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS;MAYBE_UNUSED_VARIABLES")
  foreach(build IN ITEMS Release Debug)
    set(prefix "${CURRENT_PACKAGES_DIR}")
    if(build STREQUAL "Debug")
      string(APPEND prefix "/debug")
    endif()
    execute_process(
      COMMAND "${CMAKE_COMMAND}" -G Ninja -S "${arg_SOURCE_PATH}" -B "${buildtrees}/${build}" ${arg_OPTIONS}
        -DCMAKE_BUILD_TYPE=${build} -DBUILD_SHARED_LIBS=OFF "-DCMAKE_INSTALL_PREFIX=${prefix}" -DCMAKE_INSTALL_LIBDIR=lib
        -DCMAKE_ERROR_ON_ABSOLUTE_INSTALL_DESTINATION=ON
      RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(result)
      message(FATAL_ERROR "Configuring failed: ${output}")
    endif()
    string(REGEX MATCH "not used by the project:.*" unused "${output}")
    foreach(option IN LISTS arg_OPTIONS)
      string(REGEX REPLACE "-D([^=]*)=.*" "\\1" name "${option}")
      if(unused MATCHES "[ \n]${name}\n" AND NOT name IN_LIST arg_MAYBE_UNUSED_VARIABLES)
        message(FATAL_ERROR "The project does not know the option ${name}")
      endif()
    endforeach()
  endforeach()
endfunction()

function(vcpkg_cmake_install)
  foreach(build IN ITEMS Debug Release)
    run("${CMAKE_COMMAND}" --build "${buildtrees}/${build}" --target install -j "$ENV{JOBS}")
  endforeach()
endfunction()

# share/<port> gets the configuration, with the import of the debug libraries beside that of the release libraries.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
  set(share "${CURRENT_PACKAGES_DIR}/share/interloop")
  file(GLOB files "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/*")
  file(COPY ${files} DESTINATION "${share}")
  file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}")
  file(GLOB imports "${CURRENT_PACKAGES_DIR}/debug/${arg_CONFIG_PATH}/*-debug.cmake")
  foreach(import IN LISTS imports)
    file(READ "${import}" text)
    string(REPLACE "\${_IMPORT_PREFIX}/" "\${_IMPORT_PREFIX}/debug/" text "${text}")
    get_filename_component(name "${import}" NAME)
    file(WRITE "${share}/${name}" "${text}")
  endforeach()
  file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/${arg_CONFIG_PATH}")
  # The files have moved from lib/cmake/interloop to share/interloop, which is one folder less below the prefix.
  file(GLOB targets "${share}/*-targets.cmake")
  foreach(file IN LISTS targets)
    file(READ "${file}" text)
    string(REGEX REPLACE "(get_filename_component\\(_IMPORT_PREFIX \"\\\${_IMPORT_PREFIX}\" PATH\\)\n)+"
      "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\nget_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n"
      text "${text}")
    file(WRITE "${file}" "${text}")
  endforeach()
endfunction()

# pkg-config can read each file.
function(vcpkg_fixup_pkgconfig)
  foreach(folder IN ITEMS lib debug/lib)
    file(GLOB files "${CURRENT_PACKAGES_DIR}/${folder}/pkgconfig/*.pc")
    foreach(file IN LISTS files)
      get_filename_component(name "${file}" NAME_WE)
      run("${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${CURRENT_PACKAGES_DIR}/${folder}/pkgconfig" pkg-config --exists
        --print-errors ${name})
    endforeach()
  endforeach()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  file(INSTALL ${arg_FILE_LIST} DESTINATION "${CURRENT_PACKAGES_DIR}/share/interloop" RENAME copyright)
endfunction()

include("${PORT}/portfile.cmake")

# What vcpkg checks after a build.
foreach(folder IN ITEMS debug/include debug/share lib/cmake debug/lib/cmake)
  if(EXISTS "${CURRENT_PACKAGES_DIR}/${folder}")
    file(GLOB_RECURSE left "${CURRENT_PACKAGES_DIR}/${folder}/*")
    if(left)
      message(FATAL_ERROR "The port leaves files in ${folder}: ${left}")
    endif()
  endif()
endforeach()
foreach(file IN ITEMS share/interloop/copyright share/interloop/interloopConfig.cmake share/interloop/starter/new.sh include/interloop/interloop.hpp)
  if(NOT EXISTS "${CURRENT_PACKAGES_DIR}/${file}")
    message(FATAL_ERROR "The port installs no ${file}")
  endif()
endforeach()
