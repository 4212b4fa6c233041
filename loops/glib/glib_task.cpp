// SPDX-License-Identifier: MIT
#include <interloop/glib_task.hpp>

#include <interloop/error.hpp>
#include <interloop/loop.hpp>

#include <exception>
#include <new>
#include <string>

GQuark interloop_error_quark() { return g_quark_from_static_string("interloop-error-quark"); }

namespace interloop {

GError* to_gerror(const failure& why) noexcept {
  try {
    try {
      why.rethrow();
    } catch (const glib_error& e) {
      return g_error_new_literal(e.domain(), e.code(), e.what());
    } catch (const cancelled_error& e) {
      return g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, e.what());
    } catch (const operation_cancelled& e) {
      return g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, e.what());
    } catch (const timeout_error& e) {
      return g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, e.what());
    } catch (const loop_closed& e) {
      return g_error_new_literal(INTERLOOP_ERROR, INTERLOOP_ERROR_LOOP_CLOSED, e.what());
    } catch (const broken_promise& e) {
      return g_error_new_literal(INTERLOOP_ERROR, INTERLOOP_ERROR_BROKEN_PROMISE, e.what());
    } catch (const usage_error& e) {
      return g_error_new_literal(INTERLOOP_ERROR, INTERLOOP_ERROR_USAGE, e.what());
    } catch (const invalid_state& e) {
      return g_error_new_literal(INTERLOOP_ERROR, INTERLOOP_ERROR_INVALID_STATE, e.what());
    } catch (const wrong_thread& e) {
      return g_error_new_literal(INTERLOOP_ERROR, INTERLOOP_ERROR_WRONG_THREAD, e.what());
    } catch (...) {
      return g_error_new_literal(INTERLOOP_ERROR, INTERLOOP_ERROR_FAILED, failure_message(why).c_str());
    }
  } catch (...) {
    return g_error_new_literal(INTERLOOP_ERROR, INTERLOOP_ERROR_FAILED, "there is no memory for the error's message");
  }
}

std::exception_ptr from_gerror(GError* taken) noexcept {
  const std::unique_ptr<GError, void (*)(GError*)> mine(taken, &g_error_free);
  try {
    if (g_error_matches(taken, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      return std::make_exception_ptr(cancelled_error(taken->message));
    return std::make_exception_ptr(glib_error(taken->domain, taken->code, taken->message));
  } catch (...) {
    return std::current_exception();
  }
}

namespace detail {

task_link::task_link(GTask* task, loop& core) noexcept
    : home_(core.remote()), task_(static_cast<GTask*>(g_object_ref(task))) {}

// Another thread may cancel it, or it may be cancelled already: then this is called inside `runs`. In each case the
// future is cancelled in a turn. Disconnecting is never waited for, so it may even happen inside the signal.
void task_link::on_cancelled(GCancellable*, gpointer link) noexcept {
  try {
    auto* const self = static_cast<task_link*>(link);
    self->home_.post([keep = state_ptr<task_link>(self)] { keep->running_.cancel("the GCancellable was cancelled"); });
  } catch (...) {  // the loop is closed, and the task has returned; or there is no memory, and the future goes on
  }
}

void task_link::runs(observation running) noexcept {
  running_ = std::move(running);
  GCancellable* const cancellable = g_task_get_cancellable(task_.get());
  if (!cancellable) return;
  retain();
  handler_ = g_cancellable_connect(cancellable, G_CALLBACK(&on_cancelled), this,
                                   [](gpointer link) { static_cast<task_link*>(link)->release(); });
}

glib_ptr<GTask> task_link::ended() noexcept {
  if (handler_) g_signal_handler_disconnect(g_task_get_cancellable(task_.get()), std::exchange(handler_, 0));
  running_ = {};
  return std::move(task_);
}

default_context_scope::default_context_scope(GMainContext* context) : pushed_(context) {
  GMainContext* const now = g_main_context_get_thread_default();
  if (now == context || (!now && context == g_main_context_default())) pushed_ = nullptr;
  if (pushed_) g_main_context_push_thread_default(pushed_);
}

default_context_scope::~default_context_scope() {
  if (pushed_) g_main_context_pop_thread_default(pushed_);
}

}  // namespace detail
}  // namespace interloop
