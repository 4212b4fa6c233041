# SPDX-License-Identifier: MIT
# Logging: a separate component, because it formats with fmt, and the core needs no third-party library.

file(GLOB headers RELATIVE "${PROJECT_SOURCE_DIR}" CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/include/interloop/logging/*.hpp" "${PROJECT_SOURCE_DIR}/include/interloop/logging/detail/*.hpp")
list(FILTER headers EXCLUDE REGEX "/(spdlog|glib|qt)\\.hpp$")

interloop_add_adapter(logging WHAT library
  SOURCES
    src/logging/async_sink.cpp
    src/logging/categories.cpp
    src/logging/event.cpp
    src/logging/journal_fields.cpp
    src/logging/journal_sink.cpp
    src/logging/json_sink.cpp
    src/logging/line_sink.cpp
    src/logging/logger.cpp
    src/logging/make_logger.cpp
    src/logging/output.cpp
    src/logging/render.cpp
    src/logging/start.cpp
    src/logging/state.cpp
    src/logging/value.cpp
    src/testing/fresh_logging.cpp
  HEADERS include/interloop/logger.hpp include/interloop/testing/fresh_logging.hpp ${headers}
  PKG_CONFIG fmt DEBIAN libfmt-dev)
if(TARGET interloop_logging)
  target_include_directories(interloop_logging PRIVATE "${PROJECT_SOURCE_DIR}/src")
endif()

# Other logging systems, in both directions. One call each.
interloop_add_adapter(log_spdlog WHAT connection COMPONENTS logging SOURCES src/logging/spdlog.cpp
  HEADERS include/interloop/logging/spdlog.hpp PKG_CONFIG spdlog DEBIAN libspdlog-dev)
interloop_add_adapter(log_glib WHAT connection COMPONENTS logging
  SOURCES src/logging/glib.cpp HEADERS include/interloop/logging/glib.hpp PKG_CONFIG glib-2.0 DEBIAN libglib2.0-dev)
interloop_add_adapter(log_qt WHAT connection COMPONENTS logging SOURCES src/logging/qt.cpp
  HEADERS include/interloop/logging/qt.hpp PKG_CONFIG Qt6Core DEBIAN qt6-base-dev)
foreach(system IN ITEMS log_spdlog log_glib log_qt)
  if(TARGET interloop_${system})
    target_include_directories(interloop_${system} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  endif()
endforeach()
