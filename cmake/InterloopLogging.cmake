# SPDX-License-Identifier: MIT
# Logging: a component of its own, because it formats with fmt and the core needs no third party's library.

file(GLOB headers RELATIVE "${PROJECT_SOURCE_DIR}" CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/include/interloop/logging/*.hpp" "${PROJECT_SOURCE_DIR}/include/interloop/logging/detail/*.hpp")
list(FILTER headers EXCLUDE REGEX "/(spdlog|glib|qt)\\.hpp$")

interloop_add_adapter(logging WHAT library
  SOURCES
    src/logging/async_sink.cpp
    src/logging/categories.cpp
    src/logging/event.cpp
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
