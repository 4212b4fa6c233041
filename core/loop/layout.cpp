// SPDX-License-Identifier: MIT
// The table by which readers of memory find the loops, and the ELF note by which they find the table.
//
// Offsets in classes that are not of standard layout: g++ and clang know them, and warn that other compilers need not.
#include <interloop/detail/layout.hpp>

#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>

#include "age_mark.hpp"

#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace interloop::detail {

template <>
struct look_access<thread_of_loop> {
  static constexpr std::uint32_t turning = __builtin_offsetof(thread_of_loop, turning_);
  static constexpr std::uint32_t running = __builtin_offsetof(thread_of_loop, running_);
};

template <>
struct look_access<inbox> {
  static constexpr void describe(debug_layout& table) {
    table.inbox_next = __builtin_offsetof(inbox, next_);
    table.inbox_port = __builtin_offsetof(inbox, port_);
    table.inbox_queue = __builtin_offsetof(inbox, queue_);
    constexpr std::uint32_t thread = __builtin_offsetof(inbox, thread_);
    table.inbox_turning = thread + look_access<thread_of_loop>::turning;
    table.inbox_running = thread + look_access<thread_of_loop>::running;
  }
};

template <>
struct look_access<loop_port> {
  static constexpr std::uint32_t core = __builtin_offsetof(loop_port, core_);
};

template <>
struct look_access<loop> {
  static constexpr void describe(debug_layout& table) {
    static_assert(sizeof(std::string_view) == 16);
    table.parts = &loop::about_parts;
    constexpr std::uint32_t name = __builtin_offsetof(loop, name_);
#if defined(_LIBCPP_VERSION)
    table.loop_name = name;
    table.loop_name_length = name + 8;
#else
    table.loop_name_length = name;
    table.loop_name = name + 8;
#endif
    table.loop_pending = __builtin_offsetof(loop, pending_);
    table.loop_ready = __builtin_offsetof(loop, ready_);
    table.loop_incoming = __builtin_offsetof(loop, incoming_);
    table.loop_timers = __builtin_offsetof(loop, timers_);
    table.loop_holds = __builtin_offsetof(loop, holds_);
    table.loop_parts = __builtin_offsetof(loop, parts_);  // an `owned` is a pointer
    table.loop_inbox = __builtin_offsetof(loop, inbox_);
    table.loop_first_hold = __builtin_offsetof(loop, first_hold_);
  }
};

template <>
struct look_access<loop_hold> {
  static constexpr void describe(debug_layout& table) {
    table.hold_next = __builtin_offsetof(loop_hold, next_);
    table.hold_link = __builtin_offsetof(loop_hold, link_);
    table.hold_place = __builtin_offsetof(loop_hold, where_);
  }
};

template <>
struct look_access<timer_queue> {
  static constexpr void describe(debug_layout& table) {
    table.timers_slabs = __builtin_offsetof(timer_queue, slabs_);
    table.timers_per_slab = timer_queue::slab_nodes;
    table.timers_floor = __builtin_offsetof(timer_queue, floor_);
    table.timer_bytes = sizeof(timer_node);
    table.timer_deadline = __builtin_offsetof(timer_node, deadline);
    table.timer_sequence = __builtin_offsetof(timer_node, sequence);
    table.timer_code = __builtin_offsetof(timer_node, code);
    table.timer_place = __builtin_offsetof(timer_node, storage) + timer_node::place_at;
    table.timer_number = timer_queue::sequence_step - 1;
    table.timers_places = __builtin_offsetof(timer_queue, places_);
  }
};

template <>
struct look_access<watched_fd> {
  static constexpr void describe(debug_layout& table) {
    table.watch_fd = __builtin_offsetof(watched_fd, fd_);
    table.watch_interest = __builtin_offsetof(watched_fd, interest_);
    table.watch_code = __builtin_offsetof(watched_fd, on_ready_);
    table.watch_place = __builtin_offsetof(watched_fd, where_);
  }
};

template <>
struct look_access<task_queue> {
  static constexpr void describe(debug_layout& table) {
    table.queue_head = __builtin_offsetof(task_queue, head_);
    table.queue_tail = __builtin_offsetof(task_queue, tail_);
    table.queue_head_block = __builtin_offsetof(task_queue, head_block_);
    table.queue_tail_block = __builtin_offsetof(task_queue, tail_block_);
    table.block_next = __builtin_offsetof(task_queue::block, next);
    table.block_end = __builtin_offsetof(task_queue::block, end);
    table.block_data = __builtin_offsetof(task_queue::block, data);
    table.queued_code = __builtin_offsetof(task_queue::kind, run);
    table.queued_bytes = __builtin_offsetof(task_queue::kind, bytes);
    table.queued_place = __builtin_offsetof(task_queue::kind, place);
    table.queued_object = __builtin_offsetof(task_queue::reference, object);
  }
};

namespace {

consteval debug_layout describe() {
  debug_layout table{};
  for (std::size_t i = 0; i < sizeof layout_magic; ++i) table.magic[i] = layout_magic[i];
  table.version = layout_version;
  table.bytes = sizeof(debug_layout);
  table.copy = &this_copy;
  table.copy_inboxes = __builtin_offsetof(library_copy, inboxes);
  look_access<inbox>::describe(table);
  table.port_loop = look_access<loop_port>::core;
  look_access<loop>::describe(table);
  table.pending_operations = __builtin_offsetof(pending, ops);
  table.pending_next = __builtin_offsetof(pending, next);
  table.pending_link = __builtin_offsetof(pending, link);
  table.operations_look = __builtin_offsetof(pending::operations, about);
  table.operations_queued = __builtin_offsetof(pending::operations, queued);
  table.mark_time = __builtin_offsetof(age_mark, when);
  look_access<loop_hold>::describe(table);
  look_access<timer_queue>::describe(table);
  look_access<watched_fd>::describe(table);
  look_access<task_queue>::describe(table);
  return table;
}

}  // namespace

}  // namespace interloop::detail

extern "C" {
constinit const interloop::detail::debug_layout interloop_debug_layout_v1 = interloop::detail::describe();
// For the note: a symbol that the linker resolves here, whatever another copy of the library in the process exports.
extern __attribute__((visibility("hidden"), alias("interloop_debug_layout_v1")))
const interloop::detail::debug_layout interloop_debug_layout_here;
}

// A note survives `strip` and `--gc-sections`; it says how far the table is from it.
asm(R"(
  .pushsection .note.interloop,"a",%note
  .balign 4
  .long 10
  .long 8
  .long 1
  .asciz "interloop"
  .balign 4
  .quad interloop_debug_layout_here - .
  .popsection
)");
