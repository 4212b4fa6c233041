// SPDX-License-Identifier: MIT
// What callbacks for C and calls of C allocate, and what happens if that fails.
#include <interloop/c_callback.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "support/failing_new.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace interloop::test {
namespace {

using with_status = void (*)(int status, void* data);

class c_callback_memory_test : public ::testing::Test {
 protected:
  // The number of allocations of `fn` and of the turns after it, once the loop has its blocks.
  template <class F>
  long run(F fn) {
    long count = 0;
    for (int i = 0; i < 3; ++i) {
      const failing_new counted(0);
      fn();
      manual.run_ready();
      count = failing_new::count();
    }
    return count;
  }
  // Each allocation of `fn` fails, twice, because some things are made once in a process; it may throw, and leaves nothing.
  template <class F>
  void fail_each(F fn) {
    bool failed = true;
    for (long failing = 1; failed; ++failing) {
      SCOPED_TRACE("allocation " + std::to_string(failing));
      long before = 0;
      for (int round = 0; round < 2; ++round) {
        before = live_allocations();
        interloop::testing::manual_loop under_test;
        under_test->set_exception_handler([](std::string_view, const failure&) {});
        const failing_new one(failing);
        try {
          fn(under_test);
        } catch (const std::bad_alloc&) {
        }
        failed = failing_new::failed();
      }
      EXPECT_EQ(live_allocations(), before);
    }
  }

  interloop::testing::manual_loop manual;
};

TEST_F(c_callback_memory_test, a_callback_allocates_nothing_beside_the_future_except_for_captures) {
  const long alone = run([&] {
    promise<int> end(*manual);
    const auto made = end.get_future();
    end.resolve(1);
  });
  EXPECT_EQ(run([&] {
              auto [made, callback, data] = c_callback<with_status>(*manual);
              callback(1, data);
            }),
            alone);
  EXPECT_EQ(run([&] {
              auto [made, callback, data] = c_callback<with_status>(*manual, [](int status) { return 2 * status; });
              callback(1, data);
            }),
            alone);
  int factor = 2;
  EXPECT_EQ(run([&] {
              auto [made, callback, data] =
                  c_callback<with_status>(*manual, [&factor](int status) { return factor * status; });
              callback(1, data);
            }),
            alone + 1);
}

void count(int error, const char*, const int*, void* data) { *static_cast<int*>(data) += error == 0 ? 1 : 100; }

TEST_F(c_callback_memory_test, calling_c_allocates_once) {
  const auto pass_through = [&](auto&& observe) {
    return run([&] {
      promise<int> end(*manual);
      observe(end.get_future());
      end.resolve(1);
    });
  };
  int told = 0;
  const long alone = pass_through([](const future<int>& f) { add_callbacks(f, [](int) {}, nullptr); });
  EXPECT_EQ(pass_through([&](const future<int>& f) { on_done(f, &count, &told); }), alone + 1);
  EXPECT_EQ(told, 3);
}

TEST_F(c_callback_memory_test, when_memory_runs_out_nothing_leaks_and_c_is_called_once_or_not_at_all) {
  int factor = 2;
  fail_each([&](interloop::testing::manual_loop& under_test) {
    int told = 0;
    auto [made, callback, data] =
        c_callback<with_status>(*under_test, [&factor](int status) { return factor * status; }, [] {});
    on_done(made, &count, &told);
    callback(1, data);
    under_test.run_ready();
    EXPECT_TRUE(told == 1 || told == 100) << told;
  });
  fail_each([&](interloop::testing::manual_loop& under_test) {
    auto [made, callback, data] = remote_c_callback<with_status>(*under_test, [&factor](int status) {
      if (factor == 2) throw std::runtime_error("no");
      return factor * status;
    });
    callback(1, data);
    under_test.run_ready();
  });
}

}  // namespace
}  // namespace interloop::test
