// SPDX-License-Identifier: MIT
// The common part of programs that block on a loop in another thread: loops/<loop>/examples/blocking.cpp is the main of
// each, once per loop.
#pragma once

namespace example {

/// The program; main has called `setup`. Returns the exit status.
int blocking_program(int count, char** arguments);

}  // namespace example
