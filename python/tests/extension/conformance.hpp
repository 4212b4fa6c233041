// SPDX-License-Identifier: MIT
// Runs the conformance suite on a Python loop, which a Python object drives.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <tuple>
#include <vector>

std::vector<std::string> conformance_cases();

/// `make()` returns an object with `native` (the loop), `step()` (runs it for a moment), `call(fn)` (queues a function
/// by the loop's own means) and `close()`. `lacks` maps abilities, by name, to reasons. Returns the result and the
/// message.
std::tuple<std::string, std::string> run_conformance_case(const std::string& name, nanobind::object make,
                                                          nanobind::dict lacks);
