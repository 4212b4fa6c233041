// SPDX-License-Identifier: MIT
// The fast walk over the stack finds the same frames as the runtime's own unwinder, in all kinds of functions.
#include "core/failure/stack/capture.hpp"

#include <interloop/failure.hpp>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <utility>

namespace interloop::stack {
namespace {

std::size_t shortest = 0;

[[gnu::noinline]] void compare() {
  std::array<std::uintptr_t, 200> fast{};
  std::array<std::uintptr_t, 200> slow{};
  const void* frame = __builtin_frame_address(0);
  for (int round = 0; round < 2; ++round) {  // the second time, the rules are in the cache
    const std::size_t fast_count = capture(frame, fast);
    const std::size_t slow_count = capture_slowly(frame, slow);
    ASSERT_EQ(fast_count, slow_count);
    ASSERT_TRUE(std::equal(fast.begin(), fast.begin() + static_cast<std::ptrdiff_t>(fast_count), slow.begin()));
    shortest = std::min(shortest, fast_count);
  }
}

// Functions whose frames compilers make in different ways, calling each other in random order.
class maze {
 public:
  explicit maze(unsigned seed) : random_(seed) {}

  void enter(int depth) {
    if (depth == 0) {
      compare();
      return;
    }
    switch (random_() % 7) {
      case 0:
        return plain(depth - 1);
      case 1:
        return variable(depth - 1);
      case 2:
        return aligned(depth - 1);
      case 3:
        return many_registers(depth - 1, 1, 2, 3, 4, 5, 6, 7, 8);
      case 4:
        return through_the_c_library(depth - 1);
      case 5:
        return through_a_function(depth - 1);
      default:
        return while_unwinding(depth - 1);
    }
  }

 private:
  static void keep(volatile void* what) { asm volatile("" ::"r"(what) : "memory"); }

  [[gnu::noinline]] void plain(int depth) {
    enter(depth);
    asm volatile("" ::: "memory");
  }
  [[gnu::noinline]] void variable(int depth) {
    void* room = __builtin_alloca(16 + random_() % 300);
    std::memset(room, depth, 16);
    enter(depth);
    keep(room);
  }
  [[gnu::noinline]] void aligned(int depth) {
    alignas(128) volatile char room[128] = {};
    keep(room);
    enter(depth);
    keep(room);
  }
  [[gnu::noinline]] long many_arguments(long a, long b, long c, long d, long e, long f, long g, long h, int depth) {
    enter(depth);
    return a * b + c * d + e * f + g * h;
  }
  [[gnu::noinline]] void many_registers(int depth, long a, long b, long c, long d, long e, long f, long g, long h) {
    volatile long sum = many_arguments(h, g, f, e, d, c, b, a, depth) + a + b + c + d + e + f + g + h;
    keep(&sum);
  }
  [[gnu::noinline]] void through_the_c_library(int depth) {
    static thread_local maze* self;
    static thread_local int below;
    self = this;
    below = depth;
    int two[] = {2, 1};
    static thread_local bool done;
    done = false;
    std::qsort(two, 2, sizeof(int), [](const void* a, const void* b) {
      if (!std::exchange(done, true)) self->enter(below);
      return *static_cast<const int*>(a) - *static_cast<const int*>(b);
    });
    keep(two);
  }
  [[gnu::noinline]] void through_a_function(int depth) {
    const std::function<void(int)> call = [this](int d) { enter(d); };
    call(depth);
    asm volatile("" ::: "memory");
  }
  struct at_end {
    maze* self;
    int depth;
    ~at_end() { self->enter(depth); }
  };
  [[gnu::noinline]] void while_unwinding(int depth) {
    try {
      const at_end last{this, depth};
      throw 1;
    } catch (int) {
    }
  }

  std::mt19937 random_;
};

TEST(capture_test, agrees_with_the_runtimes_unwinder_in_random_calls) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    shortest = 200;
    maze(seed).enter(static_cast<int>(seed % 15));
    if (::testing::Test::HasFatalFailure()) return;
    EXPECT_GT(shortest, 5u) << "neither got anywhere";
  }
}

TEST(capture_test, agrees_inside_a_signal_handler) {
  static int handled = 0;
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = [](int) {
    ++handled;
    compare();
  };
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  ::raise(SIGUSR1);
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_EQ(handled, 1);
}

struct eager {
  struct promise_type {
    eager get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<> handle;
};

eager compares_in_a_coroutine(int& times) {
  compare();
  ++times;
  co_await std::suspend_always();
  compare();
  ++times;
}

TEST(capture_test, agrees_inside_a_coroutine) {
  int times = 0;
  const eager coroutine = compares_in_a_coroutine(times);
  coroutine.handle.resume();
  coroutine.handle.resume();
  coroutine.handle.destroy();
  EXPECT_EQ(times, 2);
}

TEST(capture_test, takes_no_more_frames_than_there_is_room_for) {
  std::array<std::uintptr_t, 3> room{};
  EXPECT_EQ(capture(__builtin_frame_address(0), std::span(room).first(2)), 2u);
  EXPECT_EQ(room[2], 0u);
  EXPECT_EQ(capture(__builtin_frame_address(0), {}), 0u);
}

TEST(capture_test, agrees_after_rules_were_forgotten) {
  shortest = 200;
  compare();
  const auto before = count_unloaded();
  forget_rules();
  EXPECT_EQ(count_unloaded(), before + 1);
  compare();
}

TEST(capture_test, a_failure_is_made_with_the_rules_of_unloaded_code_forgotten) {
  const auto make_failure = [] {
    try {
      throw 1;
    } catch (...) {
      return create_failure();
    }
  };
  static_cast<void>(make_failure());
  const auto before = count_unloaded();
  static_cast<void>(make_failure());
  EXPECT_EQ(count_unloaded(), before) << "nothing came or went";
  void* library = ::dlopen(PLUGIN_1, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << ::dlerror();
  static_cast<void>(make_failure());
  EXPECT_EQ(count_unloaded(), before) << "what comes does no harm";
  ASSERT_EQ(::dlclose(library), 0);
  static_cast<void>(make_failure());
  EXPECT_EQ(count_unloaded(), before + 1);
}

}  // namespace
}  // namespace interloop::stack
