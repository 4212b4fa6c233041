// SPDX-License-Identifier: MIT
// A replaced `operator new` that counts and, on request, fails once. Link failing_new.cpp into the test's program.
#pragma once

namespace interloop::test {

/// While it exists, this thread's allocations are counted, and number `failing` (counted from 1; 0: none) throws
/// `std::bad_alloc`. Not nested.
class failing_new {
 public:
  explicit failing_new(long failing) noexcept;
  failing_new(const failing_new&) = delete;
  failing_new& operator=(const failing_new&) = delete;
  ~failing_new();

  /// The number of allocations so far.
  [[nodiscard]] static long count() noexcept;
  /// Whether the chosen allocation was reached, and failed.
  [[nodiscard]] static bool failed() noexcept;
};

/// The number of allocations by the replaced operators that were not freed yet, in all threads.
[[nodiscard]] long live_allocations() noexcept;

}  // namespace interloop::test
