// SPDX-License-Identifier: MIT
#include "count_allocations.hpp"

#include <cstdlib>
#include <new>

namespace bench {
allocations allocated;
}

void* operator new(std::size_t bytes) {
  ++bench::allocated.count;
  bench::allocated.bytes += bytes;
  if (void* block = std::malloc(bytes)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  ++bench::allocated.count;
  bench::allocated.bytes += bytes;
  const auto boundary = static_cast<std::size_t>(alignment);
  if (void* block = std::aligned_alloc(boundary, (bytes + boundary - 1) / boundary * boundary)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
