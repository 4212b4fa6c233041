# SPDX-License-Identifier: MIT
# Finds libwslay, which has no pkg-config module in every distribution, and defines the target wslay::wslay.

if(NOT TARGET wslay::wslay)
  find_path(WSLAY_INCLUDE_DIR wslay/wslay.h DOC "Folder that has wslay/wslay.h")
  find_library(WSLAY_LIBRARY wslay DOC "libwslay")
  mark_as_advanced(WSLAY_INCLUDE_DIR WSLAY_LIBRARY)
  if(WSLAY_INCLUDE_DIR AND WSLAY_LIBRARY)
    add_library(wslay::wslay UNKNOWN IMPORTED GLOBAL)
    set_target_properties(wslay::wslay PROPERTIES
      IMPORTED_LOCATION "${WSLAY_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${WSLAY_INCLUDE_DIR}")
  endif()
endif()
if(TARGET wslay::wslay)
  set(wslay_FOUND TRUE)
else()
  set(wslay_FOUND FALSE)
  if(wslay_FIND_REQUIRED)
    message(FATAL_ERROR "libwslay was not found. On Debian: apt-get install libwslay-dev.")
  endif()
endif()
