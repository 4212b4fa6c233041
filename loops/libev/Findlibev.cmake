# SPDX-License-Identifier: MIT
# Finds libev, which has no pkg-config module, and defines the target libev::libev, unless a package manager has already
# defined it.

if(NOT TARGET libev::libev)
  find_package(libev CONFIG QUIET)
endif()
if(NOT TARGET libev::libev)
  find_path(LIBEV_INCLUDE_DIR ev.h PATH_SUFFIXES libev DOC "Folder that has libev's ev.h")
  find_library(LIBEV_LIBRARY ev DOC "libev")
  mark_as_advanced(LIBEV_INCLUDE_DIR LIBEV_LIBRARY)
  if(LIBEV_INCLUDE_DIR AND LIBEV_LIBRARY)
    add_library(libev::libev UNKNOWN IMPORTED GLOBAL)
    set_target_properties(libev::libev PROPERTIES
      IMPORTED_LOCATION "${LIBEV_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${LIBEV_INCLUDE_DIR}")
  endif()
endif()
if(TARGET libev::libev)
  set(libev_FOUND TRUE)
else()
  set(libev_FOUND FALSE)
  if(libev_FIND_REQUIRED)
    message(FATAL_ERROR "libev was not found. On Debian: apt-get install libev-dev.")
  endif()
endif()
