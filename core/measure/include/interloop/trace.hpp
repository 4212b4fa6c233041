// SPDX-License-Identifier: MIT
// A record of everything that a loop does, in a file that https://ui.perfetto.dev and chrome://tracing open.
//
// The file has a slice for each turn and each callback in it, an asynchronous slice for each coroutine from when it is
// first suspended to its end, and arrows from what queued a callback (completed a future, called call_soon) to it. A
// callable that another thread posted has an arrow from a slice of that thread. The format is the Trace Event format:
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
//
// Costs nothing while it is off. While it is on, an event takes less than 100 ns of the loop's thread; another thread
// writes the file. If that thread falls behind, events are left out and counted, in the file too.
#pragma once

#include <interloop/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace interloop {

struct trace_options {
  /// How many bytes of events may wait to be written; at least 1 MiB is used.
  std::size_t memory = std::size_t{16} << 20U;
};

/// How a trace went.
struct trace_result {
  std::uint64_t events = 0;  ///< of this loop, that were written
  std::uint64_t lost = 0;    ///< of this loop, that were left out because too many waited to be written
  std::string error;         ///< why the file could not be written; empty if it was
};

/// Begins to trace the loop; inside a turn, from the next one on. Several loops may write to one file: start each with the same path.
///
/// The file is a complete JSON document after every write, so that it can be read even if the process is killed; then
/// the events that waited in memory are missing, up to a second of them in a loop that runs. It is finished when the last
/// of its loops stops its trace or closes. In a forked child, tracing has ended, and the file is the parent's.
/// Places in shared libraries are read until the trace ends: do not unload these before.
/// \param path  a file, which is created or replaced.
/// Thread safety: the loop's thread only. Errors: `usage_error` if the loop is being traced, `std::system_error` if the
/// file cannot be opened or there can be no thread, `loop_closed`, `std::bad_alloc`.
void start_trace(loop& core, const std::string& path, trace_options options = {});
/// The same for the current loop.
void start_trace(const std::string& path, trace_options options = {});

/// Ends it, and waits until this loop's events are written; what runs now is written as if it ended here. Without a
/// trace, returns zeros.
/// Thread safety: the loop's thread only. Errors: `std::bad_alloc`.
trace_result stop_trace(loop& core);
/// The same for the current loop.
trace_result stop_trace();

}  // namespace interloop
