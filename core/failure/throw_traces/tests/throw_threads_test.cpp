// SPDX-License-Identifier: MIT
// Throwing in many threads at a time, each exception noted as what it is.
#include <interloop/interloop.hpp>
#include <interloop/throw_traces.hpp>

#include "core/failure/throw_traces/records.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace interloop {
namespace {

volatile bool always = true;

template <int Which>
[[gnu::noinline]] void throws(int depth) {
  if (depth == 0) {
    if (always) throw std::runtime_error(std::to_string(Which));
    return;
  }
  throws<Which>(depth - 1);
  asm volatile("" ::: "memory");  // no tail call
}

template <int Which>
std::exception_ptr thrown(int depth) {
  try {
    throws<Which>(depth);
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

TEST(throw_threads_test, each_thread_finds_its_own_frames_and_no_record_is_left) {
  const std::size_t before = throw_traces::count_notes();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&wrong, i] {
      for (int n = 0; n < 2000; ++n) {
        const int depth = n % 7;
        const auto mine = i % 2 ? thrown<1>(depth) : thrown<2>(depth);
        const auto addresses = throw_addresses(mine);
        // The recursion's return address stands there once for each call but the outermost.
        std::size_t same = 0;
        for (std::size_t at = 1; at < addresses.size() && addresses[at] == addresses[1]; ++at) ++same;
        if (addresses.size() < 3 || (depth > 0 && same != static_cast<std::size_t>(depth))) ++wrong;
      }
    });
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(throw_traces::count_notes(), before);
}

TEST(throw_threads_test, an_exception_may_be_read_and_dropped_in_other_threads_than_the_one_that_threw_it) {
  const std::size_t before = throw_traces::count_notes();
  {
    const failure shared = create_failure(thrown<1>(3));
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([copy = shared, &right] {
        for (int n = 0; n < 20; ++n)
          if (failure_format_traceback(copy).find("throws<1>(int)") != std::string::npos) ++right;
      });
    for (std::thread& each : threads) each.join();
    EXPECT_EQ(right.load(), 80);
  }
  EXPECT_EQ(throw_traces::count_notes(), before);
}

}  // namespace
}  // namespace interloop
