# SPDX-License-Identifier: MIT
include(CMakeFindDependencyMacro)
find_dependency(interloop)
include("${CMAKE_CURRENT_LIST_DIR}/starter-targets.cmake")
