// SPDX-License-Identifier: MIT
// The runtime's unwinder interprets the compiler's tables anew for each frame, and restores every register. Two
// registers are enough to find return addresses, and what the tables say about an address stays true as long as its
// code is loaded, so it is cached. See docs/decisions/0012-throw-traces.md for the gain.
#include "capture.hpp"

#include "frame_rule.hpp"

#include <unwind.h>

#if __has_include(<link.h>)
#include <link.h>
#endif

#include <atomic>

// The thread reads its own stack raw, including the frames of other functions.
#define INTERLOOP_READS_STACKS __attribute__((no_sanitize("address", "thread", "undefined")))

namespace interloop::stack {

namespace {

// Two words per entry: the rule, and the address mixed with the rule. A reader that sees the stores of two writers
// mixed finds that the words do not match, and treats it as a miss. So neither a lock nor an order is needed:
// everything is in the words themselves.
struct entry {
  std::atomic<std::uint64_t> check{0};
  std::atomic<std::uint64_t> rule{0};
};
constexpr unsigned table_bits = 13;
constinit entry table[1U << table_bits];
constinit std::atomic<std::uint64_t> loaded_code{1};  // counts unloadings: older entries no longer match

std::uint64_t check_of(std::uintptr_t address, std::uint64_t rule, std::uint64_t loaded) noexcept {
  return address ^ (rule * 0x9e3779b97f4a7c15U) ^ (loaded << 48U);
}

frame_rule rule_at(std::uintptr_t address, std::uint64_t loaded) noexcept {
  entry& place = table[(address * 0x9e3779b97f4a7c15U) >> (64U - table_bits)];
  const std::uint64_t known = place.rule.load(std::memory_order_relaxed);
  if (place.check.load(std::memory_order_relaxed) == check_of(address, known, loaded)) [[likely]]
    return frame_rule::of_bits(known);
  const frame_rule found = find_frame_rule(address);
  // Unknown code may be unloaded without notice, code that is compiled at run time for instance.
  if (found.what() == frame_rule::kind::unknown) return found;
  place.rule.store(found.bits(), std::memory_order_relaxed);
  place.check.store(check_of(address, found.bits(), loaded), std::memory_order_relaxed);
  return found;
}

INTERLOOP_READS_STACKS inline std::uintptr_t at(std::uintptr_t address) noexcept {
  return *reinterpret_cast<const std::uintptr_t*>(address);
}

struct collecting {
  std::uintptr_t from;
  std::span<std::uintptr_t> room;
  std::size_t count = 0;
};

_Unwind_Reason_Code collect(_Unwind_Context* context, void* data) {
  auto& all = *static_cast<collecting*>(data);
  const std::uintptr_t address = _Unwind_GetIP(context);
  if (all.count == 0 && address != all.from) return _URC_NO_REASON;  // still in the functions of the capture itself
  if (address == 0 || all.count == all.room.size()) return _URC_END_OF_STACK;
  all.room[all.count++] = address;
  return _URC_NO_REASON;
}

}  // namespace

void forget_rules() noexcept { loaded_code.fetch_add(1, std::memory_order_relaxed); }

#if __has_include(<link.h>)

// The dynamic linker increments its count before other code can be loaded there, and unloaded code is not on this
// stack.
void forget_rules_of_the_unloaded() noexcept {
  static constinit std::atomic<std::uint64_t> seen{0};
  std::uint64_t now = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* count) {
        *static_cast<std::uint64_t*>(count) = info->dlpi_subs;
        return 1;
      },
      &now);
  if (seen.load(std::memory_order_acquire) == now) return;
  forget_rules();
  seen.store(now, std::memory_order_release);  // a thread that reads this sees that the rules are forgotten
}

#else

void forget_rules_of_the_unloaded() noexcept { forget_rules(); }

#endif

std::uint64_t count_unloaded() noexcept { return loaded_code.load(std::memory_order_relaxed) - 1; }

INTERLOOP_READS_STACKS std::size_t capture_slowly(const void* frame, std::span<std::uintptr_t> room) noexcept {
  collecting all{static_cast<const std::uintptr_t*>(frame)[1], room};
  _Unwind_Backtrace(&collect, &all);
  return all.count;
}

#if defined(__x86_64__) && defined(__linux__)

INTERLOOP_READS_STACKS std::size_t capture(const void* frame, std::span<std::uintptr_t> room) noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(frame);
  const std::uint64_t loaded = loaded_code.load(std::memory_order_relaxed);
  // A function with a frame pointer begins by pushing rbp below its return address.
  std::uintptr_t bp = at(first);
  std::uintptr_t address = at(first + 8);
  std::uintptr_t sp = first + 16;
  std::size_t count = 0;
  while (count < room.size() && address != 0) {
    room[count++] = address;
    const frame_rule rule = rule_at(address, loaded);
    if (rule.what() == frame_rule::kind::end) break;
    if (rule.what() == frame_rule::kind::unknown) return capture_slowly(frame, room);
    const std::uintptr_t cfa = (rule.from_bp() ? bp : sp) + static_cast<std::uintptr_t>(rule.cfa_offset());
    if (cfa <= sp - 8 || cfa % 8 != 0) return capture_slowly(frame, room);  // the stack grows downwards
    if (rule.bp_offset() != 0) bp = at(cfa + static_cast<std::uintptr_t>(static_cast<std::intptr_t>(rule.bp_offset())));
    address = at(cfa - 8);
    sp = cfa;
  }
  return count;
}

#else

std::size_t capture(const void* frame, std::span<std::uintptr_t> room) noexcept { return capture_slowly(frame, room); }

#endif

}  // namespace interloop::stack
