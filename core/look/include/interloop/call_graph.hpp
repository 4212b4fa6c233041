// SPDX-License-Identifier: MIT
// What is pending on a loop, and who waits for what: as data, as text, as JSON. See docs/looking-inside.md.
//
// Reading is all that happens: nothing runs, is cancelled or completed, and nothing is stored for it beforehand.
#pragma once

#include <interloop/function.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interloop {

class loop;

/// A place in the user's source.
struct graph_place {
  std::string file;
  std::string function;  // as the compiler writes it
  unsigned line = 0;
};

/// One thing that is pending.
struct graph_node {
  enum class kind : unsigned char {
    future,     // something else completes it: a callback, a remote_promise, another thread
    coroutine,  // suspended, or running if it calls this
    several,    // `gather`, `first_of`, `task_group::join`
    wait,       // a coroutine's place in the line of a channel, a mutex, an event...
    generator,  // the body of an async generator
    timer,
    watch,
    hold,    // `count` of them
    queued,  // in the ready queue, or posted by a thread: a callable, a future's callbacks, a coroutine to be resumed
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  kind what;
  bool completed = false;      // a future that a coroutine still waits for, until its turn comes
  bool callbacks = false;      // a future with callbacks, or others who are no coroutines
  std::size_t name = none;     // in `names`: "future", "gather", "channel::next"
  std::uint64_t address = 0;   // of the object; 0 for holds
  std::size_t created = none;  // in `places`: where it was made
  std::size_t awaits = none;   // in `places`: where the coroutine is suspended
  std::size_t first_edge = 0;  // what it waits for: `edges[first_edge]` and the next, `edge_count` of them
  std::size_t edge_count = 0;
  std::uint64_t code = 0;           // the callable's code, of timers, watches and queued callables
  std::size_t code_name = none;     // in `names`: its symbol
  std::uint64_t count = 1;          // of holds
  std::int64_t due = 0;             // of timers: nanoseconds from now
  int descriptor = -1;              // of watches
  unsigned char interest = 0;       // of watches: 1 reading, 2 writing
  std::optional<std::int64_t> age;  // at least so many nanoseconds, see mark_age
};

/// What is pending on one or more loops.
struct wait_graph {
  struct loop_state {
    std::string name;
    std::uint64_t address = 0;
    bool turning = false;     // inside a turn
    bool consistent = true;   // false: it was changing all the while that it was read from another process
    std::uint64_t turns = 0;  // so far
    std::size_t first = 0;    // its nodes: `nodes[first]` to `nodes[last - 1]`
    std::size_t last = 0;
  };

  std::vector<loop_state> loops;
  std::vector<graph_node> nodes;
  std::vector<std::size_t> edges;  // in `nodes`
  std::vector<graph_place> places;
  std::vector<std::string> names;

  /// As a tree like pstree's: each thing that nothing waits for, and below it what it waits for. Equal ones are counted.
  /// Errors: `std::bad_alloc`, as the others here. Any thread.
  [[nodiscard]] std::string tree() const;
  /// One line for each thing: what it is, where it was made, where it waits and for what.
  [[nodiscard]] std::string list() const;
  /// `{"version":1,"loops":[{"name":…,"nodes":[{"id":0,"kind":"coroutine",…,"waits_for":[1]}]}]}`
  [[nodiscard]] std::string json() const;
  /// From this node along the waits to the innermost one: "coroutine fetch (a.cpp:3) awaits at a.cpp:5 future (b.cpp:7)".
  [[nodiscard]] std::string path_from(std::size_t node) const;
};

/// What is pending on the loop: futures, coroutines, timers, watches, holds, and what is queued.
/// Takes time and memory in proportion. In the loop's thread, also in a callback. Errors: `wrong_thread` in checked
/// builds, `std::bad_alloc`.
/// Source: Python 3.14's `asyncio.capture_call_graph`, for a whole loop.
[[nodiscard]] wait_graph call_graph(const loop& core);

/// `call_graph(core).tree()`.
[[nodiscard]] std::string format_call_graph(const loop& core);

/// From now on, graphs know of what is pending now that it is older than this moment. Call it as often as ages are to be
/// exact: from a timer every minute, say. Of more than 64 marks, every second one is dropped.
/// Futures and coroutines cost nothing more for it. In the loop's thread. Errors: `loop_closed`, `std::bad_alloc`.
void mark_age(loop& core);

/// When the loop is closed with something pending, `report` gets the graph of what is abandoned, before anything is
/// destroyed. It is called inside `close`; what it throws goes to the exception handler. An empty one reports nothing,
/// as before this call.
/// In the loop's thread. Errors: `loop_closed`, `std::bad_alloc`.
void report_abandoned(loop& core, function<void(const wait_graph& abandoned)> report);

/// A report for that: writes the tree to the log, or to the standard error stream.
void log_abandoned(const wait_graph& abandoned);

}  // namespace interloop
