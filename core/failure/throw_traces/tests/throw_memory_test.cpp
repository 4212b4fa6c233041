// SPDX-License-Identifier: MIT
// Throwing where there is no memory: the exception arrives, without what would have been noted.
#include <interloop/throw_traces.hpp>

#include "core/failure/throw_traces/records.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <vector>

namespace {

thread_local bool no_memory = false;

}  // namespace

// glibc's own names of what it lets programs replace.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* malloc(std::size_t size) noexcept { return no_memory ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) noexcept { return no_memory ? nullptr : __libc_calloc(count, size); }
}

namespace interloop {
namespace {

struct thrown {
  std::exception_ptr exception;
  int value = 0;
};

thrown throw_one(int what) {
  try {
    throw what;
  } catch (int value) {
    return {std::current_exception(), value};
  }
}

TEST(throw_memory_test, an_exception_thrown_without_memory_arrives_but_is_not_recorded) {
  const std::size_t before = throw_traces::count_notes();
  std::vector<thrown> all(8);
  int next = 0;
  no_memory = true;  // the runtime keeps some room for this
  for (thrown& each : all) each = throw_one(++next);
  no_memory = false;
  EXPECT_EQ(throw_traces::count_notes(), before);
  for (int i = 0; i < 8; ++i) {
    const thrown& each = all[static_cast<std::size_t>(i)];
    EXPECT_EQ(each.value, i + 1);
    EXPECT_TRUE(throw_addresses(each.exception).empty());
  }
  EXPECT_FALSE(throw_addresses(throw_one(9).exception).empty()) << "and then all is as it was";
}

}  // namespace
}  // namespace interloop
