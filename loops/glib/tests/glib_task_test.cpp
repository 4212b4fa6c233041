// SPDX-License-Identifier: MIT
// Futures as GTasks, and GIO's functions as futures, with GIO itself on both sides.
#include "loops/glib/fixture.hpp"

#include <interloop/glib_task.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "support/counted.hpp"
#include "support/sanitizers.hpp"

#include <gio/gio.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

future<void> done() { co_return; }

// What a callback of a task got, by `finish_task<T>`.
template <class T>
struct got {
  int calls = 0;
  bool inside = false;  // the call that started it was still running
  std::string error;    // the domain and the code
  std::string message;
  typename task_value<T>::finished value{};
};

class glib_task_test : public ::testing::Test {
 public:
  // Runs everything that is ready.
  void drain() {
    for (int i = 0; i < 5; ++i) on.run();
  }

 protected:
  glib_task_test() {
    on.core().set_exception_handler([](std::string_view, const failure& why) { ADD_FAILURE() << why.message(); });
  }
  ~glib_task_test() override { EXPECT_EQ(counted::alive(), 0); }

  // The asynchronous function; its tag is the address of `tag`.
  template <class T, class Start>
  void run(got<T>& into, GCancellable* cancellable, Start&& start) {
    const current_loop_scope here(on.core());
    const detail::default_context_scope context(on.native);
    into.inside = true;
    run_task(nullptr, &tag, cancellable, &called<T>, &into, std::forward<Start>(start));
    into.inside = false;
  }
  template <class T>
  static void called(GObject* source, GAsyncResult* result, gpointer data) {
    auto& into = *static_cast<got<T>*>(data);
    EXPECT_FALSE(into.inside);
    ++into.calls;
    GError* error = nullptr;
    into.value = finish_task<T>(source, &tag, result, &error);
    if (!error) return;
    into.error = std::string(g_quark_to_string(error->domain)) + " " + std::to_string(error->code);
    into.message = error->message;
    g_error_free(error);
  }
  template <class Done>
  void until(Done done) {
    ASSERT_TRUE(on.run_until(done, std::chrono::seconds(20)));
  }

  static inline int tag = 0;
  on_glib on;
};

// ---- Out ----

TEST_F(glib_task_test, values_of_each_kind_go_out) {
  got<void> nothing;
  got<bool> yes;
  got<int> number;
  got<std::string> text;
  got<glib_ptr<GBytes>> bytes;
  got<counted> other;
  run(nothing, nullptr, [] { return done(); });
  run(yes, nullptr, [] { return create_future<bool>(true); });
  run(number, nullptr, [] { return create_future<int>(-7); });
  run(text, nullptr, [] { return create_future<std::string>(std::string("a\0b", 3)); });
  run(bytes, nullptr, [] { return create_future<glib_ptr<GBytes>>(glib_ptr<GBytes>(g_bytes_new("xyz", 3))); });
  run(other, nullptr, [] { return create_future<counted>(counted(5)); });
  until([&] { return other.calls == 1; });
  EXPECT_TRUE(nothing.value);
  EXPECT_TRUE(yes.value);
  EXPECT_EQ(number.value, -7);
  const glib_ptr<char> kept(text.value);
  EXPECT_EQ(std::string(kept.get(), 4), std::string("a\0b\0", 4));
  const glib_ptr<GBytes> mine(bytes.value);
  EXPECT_EQ(g_bytes_get_size(mine.get()), 3U);
  EXPECT_EQ(other.value->value, 5);
  EXPECT_THAT((std::vector{nothing.error, yes.error, number.error, text.error, bytes.error, other.error}),
              ::testing::Each(""));
}

TEST_F(glib_task_test, a_value_that_the_finish_function_does_not_take_is_freed) {
  const detail::default_context_scope context(on.native);
  const current_loop_scope here(on.core());
  run_task(nullptr, &tag, nullptr, nullptr, nullptr, [] { return create_future<counted>(counted(1)); });
  drain();
  EXPECT_EQ(counted::alive(), 0);
}

TEST_F(glib_task_test, a_task_comes_back_once_and_in_a_turn) {
  promise<int> end(on.core());
  got<int> into;
  run(into, nullptr, [&] { return end.get_future(); });
  drain();
  EXPECT_EQ(into.calls, 0);
  on.core().call_soon([&] {
    end.resolve(3);
    EXPECT_EQ(into.calls, 0) << "not inside the call that completes the future";
  });
  drain();
  EXPECT_EQ(into.calls, 1);
  EXPECT_EQ(into.value, 3);
}

TEST_F(glib_task_test, failures_are_errors_that_c_can_tell_apart) {
  const auto error_of = [&](auto thrown) {
    got<void> into;
    run(into, nullptr, [&] { return create_future_error<void>(thrown); });
    drain();
    EXPECT_EQ(into.calls, 1);
    EXPECT_FALSE(into.value);
    return into.error + ": " + into.message;
  };
  const std::string own = "interloop-error-quark ";
  EXPECT_EQ(error_of(std::out_of_range("far")), own + "0: std::out_of_range: far");
  EXPECT_EQ(error_of(loop_closed("closed")), own + "1: closed");
  EXPECT_EQ(error_of(broken_promise("broken")), own + "2: broken");
  EXPECT_EQ(error_of(usage_error("usage")), own + "3: usage");
  EXPECT_EQ(error_of(invalid_state("state")), own + "4: state");
  EXPECT_EQ(error_of(wrong_thread("thread")), own + "5: thread");
  EXPECT_EQ(error_of(cancelled_error("enough")), "g-io-error-quark 19: enough");
  EXPECT_EQ(error_of(operation_cancelled("by others")), "g-io-error-quark 19: by others");
  EXPECT_EQ(error_of(timeout_error("late")), "g-io-error-quark 24: late");
  EXPECT_EQ(error_of(glib_error(g_file_error_quark(), G_FILE_ERROR_NOENT, "none")), "g-file-error-quark 4: none");
}

TEST_F(glib_task_test, what_the_function_throws_is_the_error) {
  got<int> into;
  run(into, nullptr, []() -> future<int> { throw std::length_error("at once"); });
  run(into, nullptr, [] { return future<int>(); });  // an empty handle
  EXPECT_EQ(into.calls, 0);
  drain();
  EXPECT_EQ(into.calls, 2);
  EXPECT_THAT(into.message, HasSubstr("empty"));
}

TEST_F(glib_task_test, a_promise_that_breaks_and_a_loop_that_closes_return_the_task) {
  got<int> broken, closed, captured;
  run(broken, nullptr, [&] { return promise<int>(on.core()).get_future(); });
  drain();
  EXPECT_EQ(broken.error, "interloop-error-quark 2");

  const future<int> never = with_config(on.core()).create_future<int>();
  run(closed, nullptr, [&] { return never; });
  run(captured, nullptr, [held = counted()]() -> future<int> {
    co_await sleep(std::chrono::hours(1));
    co_return held.value;
  });
  drain();
  on.core().close();
  drain();
  EXPECT_EQ(closed.calls, 1);
  EXPECT_EQ(closed.error, "interloop-error-quark 1");
  EXPECT_EQ(captured.error, "interloop-error-quark 1");

  got<int> later;
  run(later, nullptr, [&] { return never; });
  drain();
  EXPECT_EQ(later.error, "interloop-error-quark 1") << "an error even if the loop was closed before";
}

TEST_F(glib_task_test, a_cancellable_cancels_the_future_in_any_thread) {
  for (const bool elsewhere : {false, true}) {
    const glib_ptr<GCancellable> stop(g_cancellable_new());
    got<int> into;
    int asked = 0;
    promise<int> end(on.core(), [&] { ++asked; });
    run(into, stop.get(), [&] { return end.get_future(); });
    if (elsewhere) {
      std::thread([&] { g_cancellable_cancel(stop.get()); }).join();
    } else {
      g_cancellable_cancel(stop.get());
    }
    EXPECT_EQ(into.calls, 0);
    until([&] { return into.calls > 0; });
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(into.error, "g-io-error-quark 19");
    EXPECT_EQ(into.message, "the GCancellable was cancelled");
  }
}

TEST_F(glib_task_test, one_that_is_cancelled_already_cancels_it_later) {
  const glib_ptr<GCancellable> stop(g_cancellable_new());
  g_cancellable_cancel(stop.get());
  got<int> into;
  const future<int> pending = with_config(on.core()).create_future<int>();
  run(into, stop.get(), [&] { return pending; });
  EXPECT_EQ(into.calls, 0);
  drain();
  EXPECT_EQ(into.calls, 1);
  EXPECT_EQ(into.error, "g-io-error-quark 19");
}

TEST_F(glib_task_test, an_outcome_that_came_before_the_cancellation_is_kept) {
  const glib_ptr<GCancellable> stop(g_cancellable_new());
  got<int> into;
  promise<int> end(on.core(), [&] { end.resolve(4); });  // a canceller that completes it after all
  run(into, stop.get(), [&] { return end.get_future(); });
  g_cancellable_cancel(stop.get());
  drain();
  EXPECT_EQ(into.value, 4);
  EXPECT_EQ(into.error, "");

  const glib_ptr<GCancellable> late(g_cancellable_new());
  got<int> done;
  run(done, late.get(), [] { return create_future<int>(5); });
  on.core().call_soon([&] { g_cancellable_cancel(late.get()); });
  drain();
  EXPECT_EQ(done.calls, 1);
  EXPECT_EQ(done.value, 5);
}

TEST_F(glib_task_test, a_task_that_ends_inside_the_signal_does_not_wait_for_it) {
  const glib_ptr<GCancellable> stop(g_cancellable_new());
  got<int> into;
  promise<int> end(on.core());
  // A handler that runs the context nested, as one that shows a dialog does.
  struct nested {
    glib_task_test* test;
    promise<int>* end;
  } data{this, &end};
  g_signal_connect(stop.get(), "cancelled", G_CALLBACK(+[](GCancellable*, gpointer given) {
                     auto* const in = static_cast<nested*>(given);
                     in->end->resolve(1);
                     in->test->drain();
                   }),
                   &data);
  run(into, stop.get(), [&] { return end.get_future(); });
  g_cancellable_cancel(stop.get());
  EXPECT_EQ(into.calls, 1);
  EXPECT_EQ(into.value, 1);
}

TEST_F(glib_task_test, a_cancellable_that_outlives_the_task_has_forgotten_it) {
  const glib_ptr<GCancellable> stop(g_cancellable_new());
  const glib_ptr<GObject> source(G_OBJECT(g_simple_action_new("name", nullptr)));
  {
    const detail::default_context_scope context(on.native);
    const current_loop_scope here(on.core());
    run_task(source.get(), &tag, stop.get(), nullptr, nullptr, [] { return create_future<int>(1); });
  }
  EXPECT_GT(source->ref_count, 1U);
  drain();
  EXPECT_EQ(source->ref_count, 1U);
  EXPECT_EQ(g_signal_handler_find(stop.get(), G_SIGNAL_MATCH_ID, g_signal_lookup("cancelled", G_TYPE_CANCELLABLE), 0,
                                  nullptr, nullptr, nullptr),
            0U);
  g_cancellable_cancel(stop.get());
  drain();
}

TEST_F(glib_task_test, a_result_of_another_function_is_an_error) {
  struct wrong {
    static void called(GObject* source, GAsyncResult* result, gpointer data) {
      int other = 0;
      GError* error = nullptr;
      EXPECT_EQ(finish_task<int>(source, &other, result, &error), 0);
      ASSERT_NE(error, nullptr);
      *static_cast<int*>(data) = error->code;
      g_error_free(error);
    }
  };
  int code = 0;
  const detail::default_context_scope context(on.native);
  const current_loop_scope here(on.core());
  run_task(nullptr, &tag, nullptr, &wrong::called, &code, [] { return create_future<int>(1); });
  drain();
  EXPECT_EQ(code, INTERLOOP_ERROR_USAGE);
}

// ---- In ----

class gio_call_test : public glib_task_test {
 protected:
  void SetUp() override {
    if (with_tsan) GTEST_SKIP() << "GIO hands over what its threads have made by locks of its own";
  }
  gio_call_test() {
    std::string name = "/tmp/interloop_gio_XXXXXX";
    ::close(mkstemp(name.data()));
    file.reset(g_file_new_for_path(name.c_str()));
    g_file_replace_contents(file.get(), "hello", 5, nullptr, FALSE, G_FILE_CREATE_NONE, nullptr, nullptr, nullptr);
  }
  ~gio_call_test() override { g_file_delete(file.get(), nullptr, nullptr); }

  template <class T>
  const future<T>& ended(const future<T>& f) {
    until([&] { return is_called(f); });
    return f;
  }
  glib_ptr<GFile> file;
};

TEST_F(gio_call_test, a_file_is_read_by_a_coroutine) {
  const future<std::string> f = [](api, loop& core, GFile* from) -> future<std::string> {
    const auto stream = co_await gio_call(core, g_file_read_async, g_file_read_finish, from, G_PRIORITY_DEFAULT);
    auto* const input = G_INPUT_STREAM(stream.get());
    const auto bytes = co_await gio_call(core, g_input_stream_read_bytes_async, g_input_stream_read_bytes_finish, input,
                                         gsize{100}, G_PRIORITY_DEFAULT);
    const bool closed =
        co_await gio_call(core, g_input_stream_close_async, g_input_stream_close_finish, input, G_PRIORITY_DEFAULT);
    EXPECT_TRUE(closed);
    gsize size = 0;
    const auto* text = static_cast<const char*>(g_bytes_get_data(bytes.get(), &size));
    co_return std::string(text, size);
  }(with_config(on.core()), on.core(), file.get());
  EXPECT_EQ(ended(f).value(), "hello");
}

TEST_F(gio_call_test, an_error_is_thrown_and_goes_out_again_unchanged) {
  const glib_ptr<GFile> none(g_file_new_for_path("/nonexistent/file"));
  const auto f = gio_call(on.core(), g_file_read_async, g_file_read_finish, none.get(), G_PRIORITY_DEFAULT);
  ASSERT_NE(ended(f).get_failure(), nullptr);
  EXPECT_TRUE(f.get_failure()->is<glib_error>());
  got<glib_ptr<GFileInputStream>> into;
  run(into, nullptr, [&] { return f; });
  drain();
  EXPECT_EQ(into.error, "g-io-error-quark 1");
  EXPECT_EQ(into.value, nullptr);
}

TEST_F(gio_call_test, several_results_are_made_one_by_the_general_form) {
  const glib_ptr<GSubprocess> process(
      g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, nullptr, "/bin/echo", "from a process", nullptr));
  const auto f = gio_call<std::string>(
      on.core(), [&](auto... rest) { g_subprocess_communicate_utf8_async(process.get(), nullptr, rest...); },
      [&](GAsyncResult* result, GError** error) {
        char* text = nullptr;
        g_subprocess_communicate_utf8_finish(process.get(), result, &text, nullptr, error);
        const glib_ptr<char> mine(text);
        return std::string(text ? text : "");
      });
  EXPECT_EQ(ended(f).value(), "from a process\n");
}

TEST_F(gio_call_test, a_connection_is_made_and_both_sides_await_it) {
  const glib_ptr<GSocketListener> listener(g_socket_listener_new());
  const guint16 port = g_socket_listener_add_any_inet_port(listener.get(), nullptr, nullptr);
  const glib_ptr<GSocketClient> client(g_socket_client_new());
  const auto accepts = [](api, loop& core, GSocketListener* from) -> future<int> {
    const auto peer = co_await gio_call<glib_ptr<GSocketConnection>>(
        core, [&](auto... rest) { g_socket_listener_accept_async(from, rest...); },
        [from](GAsyncResult* result, GError** error) {
          return glib_ptr<GSocketConnection>(g_socket_listener_accept_finish(from, result, nullptr, error));
        });
    co_return peer ? 1 : 0;
  };
  const future<int> accepted = accepts(with_config(on.core()), on.core(), listener.get());
  const auto connected =
      gio_call(on.core(), g_socket_client_connect_to_host_async, g_socket_client_connect_to_host_finish, client.get(),
               static_cast<const gchar*>("127.0.0.1"), port);
  EXPECT_EQ(ended(accepted).value(), 1);
  EXPECT_NE(ended(connected).value(), nullptr);
}

// Waits for a connection, which never comes.
future<glib_ptr<GSocketConnection>> accept(loop& core, GSocketListener* from) {
  return gio_call<glib_ptr<GSocketConnection>>(
      core, [&](auto... rest) { g_socket_listener_accept_async(from, rest...); },
      [from, held = counted()](GAsyncResult* result, GError** error) {
        return glib_ptr<GSocketConnection>(g_socket_listener_accept_finish(from, result, nullptr, error));
      });
}

TEST_F(gio_call_test, cancelling_the_future_cancels_the_operation) {
  const glib_ptr<GSocketListener> listener(g_socket_listener_new());
  g_socket_listener_add_any_inet_port(listener.get(), nullptr, nullptr);
  const auto f = accept(on.core(), listener.get());
  EXPECT_TRUE(cancel(f));
  EXPECT_TRUE(f.get_failure()->is<cancelled_error>());
  EXPECT_EQ(counted::alive(), 1) << "GIO has not called back";
  until([] { return counted::alive() == 0; });
}

TEST_F(gio_call_test, closing_the_loop_cancels_the_operation) {
  const glib_ptr<GSocketListener> listener(g_socket_listener_new());
  g_socket_listener_add_any_inet_port(listener.get(), nullptr, nullptr);
  const auto f = accept(on.core(), listener.get());
  drain();
  on.core().close();
  EXPECT_TRUE(f.get_failure()->is<loop_closed>());
  until([] { return counted::alive() == 0; });
}

TEST_F(gio_call_test, an_operation_that_was_cancelled_by_others_cancels_the_future) {
  const glib_ptr<GCancellable> theirs(g_cancellable_new());
  g_cancellable_cancel(theirs.get());
  const auto f = gio_call<glib_ptr<GFileInputStream>>(
      on.core(),
      [&](GCancellable*, GAsyncReadyCallback callback, gpointer data) {
        g_file_read_async(file.get(), G_PRIORITY_DEFAULT, theirs.get(), callback, data);
      },
      [&](GAsyncResult* result, GError** error) {
        return glib_ptr<GFileInputStream>(g_file_read_finish(file.get(), result, error));
      });
  EXPECT_TRUE(ended(f).get_failure()->is<cancelled_error>());
}

TEST_F(gio_call_test, a_task_of_ours_comes_in_again) {
  struct both {
    static void start(glib_task_test*, GCancellable* stop, GAsyncReadyCallback callback, gpointer data) {
      run_task(nullptr, &tag, stop, callback, data, [] { return create_future<int>(6); });
    }
    static gssize finish(GAsyncResult* result, GError** error) {
      return finish_task<int>(nullptr, &tag, result, error);
    }
  };
  const current_loop_scope here(on.core());
  const auto f = gio_call(&both::start, &both::finish, static_cast<glib_task_test*>(this));
  EXPECT_EQ(ended(f).value(), 6);
}

TEST_F(gio_call_test, a_loop_that_is_not_on_a_context_is_an_error) {
  interloop::testing::manual_loop other;
  EXPECT_THROW(static_cast<void>(gio_call(*other, g_file_read_async, g_file_read_finish, file.get(), 0)), usage_error);
  on.core().close();
  EXPECT_THROW(static_cast<void>(gio_call(on.core(), g_file_read_async, g_file_read_finish, file.get(), 0)),
               loop_closed);
}

}  // namespace
}  // namespace interloop::test
