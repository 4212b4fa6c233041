// SPDX-License-Identifier: MIT
#include "support/failing_new.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace interloop::test {
namespace {

thread_local bool counting = false;
thread_local long counted_so_far = 0;
thread_local long failing_number = 0;
std::atomic<long> live{0};

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (counting && ++counted_so_far == failing_number) throw std::bad_alloc();
  if (bytes == 0) bytes = 1;
  void* memory = alignment <= alignof(std::max_align_t)
                     ? std::malloc(bytes)
                     : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (!memory) throw std::bad_alloc();
  live.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

void give_back(void* memory) noexcept {
  if (!memory) return;
  live.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

failing_new::failing_new(long failing) noexcept {
  counted_so_far = 0;
  failing_number = failing;
  counting = true;
}
failing_new::~failing_new() { counting = false; }
long failing_new::count() noexcept { return counted_so_far; }
bool failing_new::failed() noexcept { return failing_number != 0 && counted_so_far >= failing_number; }
long live_allocations() noexcept { return live.load(std::memory_order_relaxed); }

}  // namespace interloop::test

// The other forms of operator new call these.
void* operator new(std::size_t bytes) { return interloop::test::allocate(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return interloop::test::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { interloop::test::give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { interloop::test::give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { interloop::test::give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { interloop::test::give_back(memory); }
