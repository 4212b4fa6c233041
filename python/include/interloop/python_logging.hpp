// SPDX-License-Identifier: MIT
// C++ log messages in Python's logging. Names no Python header.
#pragma once

#include <interloop/logging/sink.hpp>

#include <memory>

namespace interloop::python {

/// A sink that hands messages to Twisted's logger where `interloop.txaio` has selected Twisted, else to the module
/// `logging`, under the C++ logger's name, with the C++ file and line. Trace is debug there.
///
/// Thread safety: any; it takes the GIL. A thread that logs while it holds a lock which a Python thread may wait for with
/// the GIL in hand needs an `async_sink` before it. What Python raises is caught and shown as unraisable.
/// The interpreter's end waits for the threads that are inside; what they log later is dropped.
[[nodiscard]] std::shared_ptr<log_sink> make_python_sink();

}  // namespace interloop::python
