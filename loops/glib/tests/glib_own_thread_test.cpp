// SPDX-License-Identifier: MIT
// Waits that would deadlock are refused if the application runs a GLib context itself: neither too many (a thread of
// its pool may wait) nor too few (that would hang).
#include "support/blocking.hpp"

#include <interloop/adapters/glib.hpp>
#include <interloop/interloop.hpp>

#include <glib.h>

#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::served;

TEST(glib_own_thread_test, a_glib_context_is_known_before_its_first_turn_and_may_be_handed_over) {
  GMainContext* context = g_main_context_new();
  {
    glib_loop owner(context);
    const loop_remote remote = owner->remote();
    struct state {
      const loop_remote& remote;
      int seen = -1;
    } mine{remote};
    GSource* idle = g_idle_source_new();
    g_source_set_priority(idle, G_PRIORITY_HIGH);
    g_source_set_callback(
        idle,
        [](gpointer data) -> gboolean {
          auto& self = *static_cast<state*>(data);
          self.seen = served(self.remote);
          return G_SOURCE_REMOVE;
        },
        &mine, nullptr);
    g_source_attach(idle, context);
    g_source_unref(idle);
    while (g_main_context_iteration(context, FALSE)) {
    }
    EXPECT_EQ(mine.seen, 0);

    GMainLoop* running = g_main_loop_new(context, FALSE);
    std::thread other([running] { g_main_loop_run(running); });
    EXPECT_EQ(served(remote), 1);
    g_main_loop_quit(running);
    other.join();
    g_main_loop_unref(running);
  }
  g_main_context_unref(context);
}

}  // namespace
