// SPDX-License-Identifier: MIT
// How many allocations a conversion takes besides those of GLib, which `operator new` does not see.
#include "loops/glib/fixture.hpp"

#include <interloop/glib_task.hpp>
#include <interloop/interloop.hpp>

#include "support/failing_new.hpp"

#include <gio/gio.h>
#include <gtest/gtest.h>

#include <optional>

namespace interloop::test {
namespace {

class glib_task_memory_test : public ::testing::Test {
 protected:
  static void returned(GObject*, GAsyncResult* result, gpointer value) {
    *static_cast<gssize*>(value) = g_task_propagate_int(G_TASK(result), nullptr);
  }
  // An asynchronous function of the application's, and its pair.
  static void begin_async(GTask** started, GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
    *started = g_task_new(nullptr, cancellable, callback, data);
  }
  static gssize end_finish(GTask**, GAsyncResult* result, GError** error) {
    return g_task_propagate_int(G_TASK(result), error);
  }
  template <class F>
  static long count(F fn) {
    const failing_new counting(0);
    fn();
    return failing_new::count();
  }

  on_glib on;
};

TEST_F(glib_task_memory_test, going_out_takes_at_most_one_besides_the_task) {
  const detail::default_context_scope context(on.native);
  for (int round = 0; round < 2; ++round) {  // the first operations allocate their blocks
    gssize value = 0;
    const glib_ptr<GTask> task(g_task_new(nullptr, nullptr, &returned, &value));
    promise<int> end(on.core());
    const future<int> f = end.get_future();
    const long outward = count([&] { complete_task(task.get(), f); });
    end.resolve(7);
    const long delivered = count([&] { on.run(); });
    EXPECT_EQ(value, 7);
    if (round == 0) continue;
    EXPECT_LE(outward, 1);
    EXPECT_EQ(delivered, 0);
  }
}

TEST_F(glib_task_memory_test, coming_in_takes_at_most_one_besides_the_future) {
  const detail::default_context_scope context(on.native);
  for (int round = 0; round < 2; ++round) {
    const long alone = count([&] { static_cast<void>(promise<gssize>(on.core())); });
    GTask* started = nullptr;
    std::optional<future<gssize>> f;
    const long inward = count([&] { f = gio_call(on.core(), &begin_async, &end_finish, &started); });
    g_task_return_int(started, 7);
    g_object_unref(started);
    for (int i = 0; i < 5; ++i) on.run();
    ASSERT_TRUE(is_called(*f));
    EXPECT_EQ(f->value(), 7);
    if (round == 0) continue;
    EXPECT_LE(inward, alone + 1);
  }
}

}  // namespace
}  // namespace interloop::test
