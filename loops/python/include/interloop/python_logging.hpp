// SPDX-License-Identifier: MIT
// Passes C++ log messages to Python's logging. Names no Python header.
#pragma once

#include <interloop/logging/sink.hpp>

#include <memory>

namespace interloop::python {

/// A sink that hands messages to Twisted's logger if `interloop.txaio` has selected Twisted, otherwise to the module
/// `logging`, under the C++ logger's name, with the C++ file and line. Trace becomes debug.
///
/// Thread safety: any; it takes the GIL. If a thread logs while it holds a lock that a Python thread may wait for while
/// holding the GIL, put an `async_sink` in front. Python exceptions are caught and shown as unraisable.
/// When the interpreter ends, it waits for threads that are inside the sink; what they log later is dropped.
[[nodiscard]] std::shared_ptr<log_sink> make_python_sink();

}  // namespace interloop::python
