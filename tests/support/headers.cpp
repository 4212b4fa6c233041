// SPDX-License-Identifier: MIT
// Nothing: the source of a target whose precompiled header the tests share. See cmake/InterloopTest.cmake.
