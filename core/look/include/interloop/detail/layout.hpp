// SPDX-License-Identifier: MIT
// How a reader finds its way in a loop's memory: constant data, which the loop's own process, another process and a
// debugger all read.
//
// Two kinds of tables. `debug_layout`, one in each copy of the library, leads from the list of all loops to what is
// pending on each. A `look`, one for each kind of what can be pending, says what that waits for. Nothing is stored for
// readers while a program runs: they follow pointers that the library needs itself.
//
// Version 1. A change that version 1's reader would misread is a new version, and a reader refuses versions that it does
// not know. Pointers have 8 bytes; numbers are in the machine's order. Offsets are in bytes; `nowhere` is none.
#pragma once

#include <cstdint>

namespace interloop::detail {

inline constexpr std::uint32_t layout_version = 1;
inline constexpr char layout_magic[16] = "interloop-look";
inline constexpr std::uint32_t nowhere = 0xffffffffU;

/// Befriended by the classes whose members have offsets in the tables.
template <class Of>
struct look_access;

struct look;
/// For look_access: what `call_graph` may do.
struct call_graph_tag;

/// One way from an object to those that it waits for. First follows `steps` pointers: the one at `path[0]` in the object,
/// then the one at `path[1]` in what that points to. `at` is an offset in the object that was reached.
struct look_edge {
  enum shape : std::uint32_t {
    one,     // at `at` is a pointer to what is waited for
    array,   // at `at` are `count` elements of `stride` bytes, with a pointer at `element` in each
    vector,  // at `at` are two pointers, to the first such element and behind the last
  };
  std::uint32_t form = one;
  std::uint32_t steps = 0;
  std::uint32_t path[2] = {0, 0};
  std::uint32_t at = 0;
  std::uint32_t count = 0;
  std::uint32_t stride = 0;
  std::uint32_t element = 0;
  std::uint32_t place = nowhere;  // of the std::source_location of the wait, as `at`
  std::uint32_t unused = 0;
  const look* as = nullptr;  // what the target is; null: it is a `pending`, and its operations say so
};

/// What a reader sees of one kind of object.
struct look {
  enum class kind : std::uint32_t {
    future,     // somebody else completes it
    coroutine,  // it has a frame
    several,    // it waits for several futures
    wait,       // a place in a line, in a coroutine's frame
    generator,  // an async generator's body
    line,       // where places are: not shown
    mark,       // says when it was put into the list of what is pending: not shown
  };
  const char* name;
  kind what;
  std::uint32_t created = nowhere;    // its std::source_location
  std::uint32_t completed = nowhere;  // a byte, 0 while it is pending
  std::uint32_t callbacks = nowhere;  // a byte, 0 if nothing was added to a future
  std::uint32_t from = 0;             // where the edges start
  std::uint32_t edges = 0;
  const look_edge* first = nullptr;
};

/// Where a std::vector has its two pointers.
inline constexpr std::uint32_t vector_first = 0;
inline constexpr std::uint32_t vector_last = 8;

/// What a std::source_location points to.
inline constexpr std::uint32_t place_file = 0;
inline constexpr std::uint32_t place_function = 8;
inline constexpr std::uint32_t place_line = 16;

/// Of a part of the loop that one source file defines.
struct parts_layout {
  std::uint32_t turns;    // 8 bytes
  std::uint32_t watches;  // a vector of pointers, by descriptor
};

/// Leads to all loops, and to what is pending on each.
struct debug_layout {
  char magic[16];
  std::uint32_t version;
  std::uint32_t bytes;  // of this table
  const void* copy;     // the library_copy
  const parts_layout* parts;

  std::uint32_t copy_inboxes;  // the first inbox

  std::uint32_t inbox_next;
  std::uint32_t inbox_port;  // null once the loop is closed
  std::uint32_t inbox_queue;
  std::uint32_t inbox_turning;  // the number of the thread that is in a turn, 0: none
  std::uint32_t inbox_running;  // the same, in loop::run

  std::uint32_t port_loop;

  std::uint32_t loop_name;  // a pointer to the characters, ...
  std::uint32_t loop_name_length;
  std::uint32_t loop_pending;  // the first of the list
  std::uint32_t loop_ready;    // queues
  std::uint32_t loop_incoming;
  std::uint32_t loop_timers;
  std::uint32_t loop_holds;  // 8 bytes
  std::uint32_t loop_parts;
  std::uint32_t loop_inbox;

  std::uint32_t pending_operations;
  std::uint32_t pending_next;
  std::uint32_t pending_link;  // a pointer to the pointer to it
  std::uint32_t operations_look;
  std::uint32_t operations_queued;  // what its record in a queue begins with

  std::uint32_t mark_time;  // 8 bytes, nanoseconds on the loop's clock

  std::uint32_t timers_slabs;     // a vector of pointers to arrays of nodes
  std::uint32_t timers_per_slab;  // not an offset
  std::uint32_t timers_floor;     // 8 bytes: the time for which the loop last looked at them
  std::uint32_t timer_bytes;      // of a node
  std::uint32_t timer_deadline;
  std::uint32_t timer_sequence;  // 8 bytes, 0: free
  std::uint32_t timer_code;

  std::uint32_t watch_fd;        // 4 bytes
  std::uint32_t watch_interest;  // 1 byte
  std::uint32_t watch_code;      // a pointer to pointers, the first one to the code

  std::uint32_t queue_head;  // pointers: the first record, ...
  std::uint32_t queue_tail;  // ... behind the last one, ...
  std::uint32_t queue_head_block;
  std::uint32_t queue_tail_block;
  std::uint32_t block_next;
  std::uint32_t block_end;   // behind the last record of a block that has a next one
  std::uint32_t block_data;  // where records begin

  // Places are each a std::source_location.
  std::uint32_t timer_place;    // if the number of the place is 0
  std::uint32_t timer_number;   // not an offset: a mask, for the number in `timer_sequence`, ...
  std::uint32_t timers_places;  // ... a vector of places: the first one has number 1
  std::uint32_t watch_place;
  std::uint32_t loop_first_hold;
  std::uint32_t hold_next;
  std::uint32_t hold_link;  // a pointer to the pointer to it
  std::uint32_t hold_place;

  // A record in a queue begins with a pointer to constant data.
  std::uint32_t queued_code;
  std::uint32_t queued_bytes;   // 4 bytes: how long the record is
  std::uint32_t queued_place;   // 4 bytes: where in the record its place is; `nowhere`: it refers to an object, ...
  std::uint32_t queued_object;  // ... by a pointer here in the record
};

}  // namespace interloop::detail

extern "C" {
/// The table of this copy of the library. An ELF note of the name "interloop" leads to it, also in stripped files.
extern __attribute__((visibility("default"))) const interloop::detail::debug_layout interloop_debug_layout_v1;
}
