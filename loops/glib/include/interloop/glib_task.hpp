// SPDX-License-Identifier: MIT
// Futures as GTasks, and GIO's asynchronous functions as futures.
//
// Out: `run_task` is the body of a function `…_async` with GIO's signature, and `finish_task` that of its `…_finish`, both
// of which C programs may call. In: `gio_call` makes a future of any such pair. Cancelling goes both ways: a GCancellable
// cancels the future, and cancelling the future cancels a GCancellable.
//
// A GTask that was made here returns exactly once, whatever becomes of the future: if that can no longer be completed, or
// its loop closes, the task returns an error. It never runs its callback inside the call that started it.
//
// Thread safety: the loop's thread only, except that a GCancellable may be cancelled in any thread. The thread's default
// context has to be the loop's when a task is made, as in every handler of that context: GTask calls back there.
// Needs gio-2.0, which the component glib links.
#pragma once

#include <interloop/glib_error.h>
#include <interloop/adapters/glib.hpp>
#include <interloop/bridge.hpp>
#include <interloop/current_loop.hpp>
#include <interloop/detail/as_future.hpp>
#include <interloop/failure.hpp>

#include <gio/gio.h>

#include <atomic>
#include <concepts>
#include <cstring>
#include <exception>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace interloop {

/// A GError as an exception. `gio_call` fails with it; a GTask that gets it returns the same GError.
/// Thread safety: a value.
class glib_error : public std::runtime_error {
 public:
  glib_error(GQuark domain, int code, const std::string& message)
      : std::runtime_error(message), domain_(domain), code_(code) {}
  [[nodiscard]] GQuark domain() const noexcept { return domain_; }
  [[nodiscard]] int code() const noexcept { return code_; }
  /// As `g_error_matches`.
  [[nodiscard]] bool matches(GQuark domain, int code) const noexcept { return domain_ == domain && code_ == code; }

 private:
  GQuark domain_;
  int code_;
};

/// What an exception is as a GError: see glib_error.h. The caller frees it. Any thread.
[[nodiscard]] GError* to_gerror(const failure& why) noexcept;

/// The exception for a GError, which this frees: `cancelled_error` for `G_IO_ERROR_CANCELLED`, otherwise `glib_error`.
[[nodiscard]] std::exception_ptr from_gerror(GError* taken) noexcept;

/// How a `glib_ptr` frees what it points to: by `g_object_unref`, or as specialised for types that are not GObjects.
template <class X>
struct glib_free {
  void operator()(X* mine) const noexcept { g_object_unref(mine); }
};
template <>
struct glib_free<char> {
  void operator()(char* mine) const noexcept { g_free(mine); }
};
template <>
struct glib_free<GBytes> {
  void operator()(GBytes* mine) const noexcept { g_bytes_unref(mine); }
};
template <>
struct glib_free<GVariant> {
  void operator()(GVariant* mine) const noexcept { g_variant_unref(mine); }
};

/// Owns a reference to a GObject, or an object of GLib's.
template <class X>
using glib_ptr = std::unique_ptr<X, glib_free<X>>;

/// How a GTask carries a value of type `T`, and what `finish_task<T>` returns. To be specialised for own types, with a
/// type `finished`, `give`, which calls one of the functions `g_task_return_…`, and `take`, which calls the matching
/// `g_task_propagate_…` and returns null, zero or false with an error.
///
/// | T | finish_task returns |
/// | --- | --- |
/// | void, bool | gboolean: of void, TRUE |
/// | integers | gssize |
/// | std::string | char*, to be freed by g_free |
/// | std::unique_ptr<X, …>, so glib_ptr<X> | X*, to be freed as that would free it; its deleter must be stateless |
/// | other | std::unique_ptr<T> |
template <class T>
struct task_value {
  using finished = std::unique_ptr<T>;
  static void give(GTask* task, T&& value) {
    g_task_return_pointer(task, new T(std::move(value)), [](gpointer kept) { delete static_cast<T*>(kept); });
  }
  static finished take(GTask* task, GError** error) {
    return finished(static_cast<T*>(g_task_propagate_pointer(task, error)));
  }
};
template <>
struct task_value<void> {
  using finished = gboolean;
  static void give(GTask* task) { g_task_return_boolean(task, TRUE); }
  static finished take(GTask* task, GError** error) { return g_task_propagate_boolean(task, error); }
};
template <>
struct task_value<bool> {
  using finished = gboolean;
  static void give(GTask* task, bool value) { g_task_return_boolean(task, value); }
  static finished take(GTask* task, GError** error) { return g_task_propagate_boolean(task, error); }
};
template <std::integral T>
struct task_value<T> {
  static_assert(sizeof(T) < sizeof(gssize) || std::is_signed_v<T>,
                "interloop: a GTask returns a gssize, into which not every value of this type fits");
  using finished = gssize;
  static void give(GTask* task, T value) { g_task_return_int(task, static_cast<gssize>(value)); }
  /// -1 with an error.
  static finished take(GTask* task, GError** error) { return g_task_propagate_int(task, error); }
};
template <>
struct task_value<std::string> {
  using finished = char*;
  static void give(GTask* task, const std::string& value) {
    auto* const copy = static_cast<char*>(g_malloc(value.size() + 1));
    std::memcpy(copy, value.c_str(), value.size() + 1);
    g_task_return_pointer(task, copy, &g_free);
  }
  static finished take(GTask* task, GError** error) {
    return static_cast<char*>(g_task_propagate_pointer(task, error));
  }
};
template <class X, class Deleter>
struct task_value<std::unique_ptr<X, Deleter>> {
  static_assert(std::is_empty_v<Deleter>, "interloop: a GTask cannot keep a deleter that has a state");
  using finished = X*;
  static void give(GTask* task, std::unique_ptr<X, Deleter>&& value) {
    g_task_return_pointer(task, value.release(), [](gpointer kept) {
      if (kept) Deleter()(static_cast<X*>(kept));
    });
  }
  static finished take(GTask* task, GError** error) { return static_cast<X*>(g_task_propagate_pointer(task, error)); }
};

namespace detail {

/// What a GTask, its GCancellable and the future share: the one allocation besides GLib's and the future's own.
class task_link final {
 public:
  task_link(GTask* task, loop& core) noexcept;
  task_link(const task_link&) = delete;
  task_link& operator=(const task_link&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  /// The future is observed: from here on the GCancellable, if there is one, cancels it.
  void runs(observation running) noexcept;
  /// The future has ended: gives the task back, and forgets the GCancellable.
  [[nodiscard]] glib_ptr<GTask> ended() noexcept;

 private:
  ~task_link() = default;
  static void on_cancelled(GCancellable*, gpointer link) noexcept;

  std::atomic<unsigned> references_{1};
  const loop_remote home_;
  // The loop's thread only.
  glib_ptr<GTask> task_;
  observation running_;
  gulong handler_ = 0;
};

/// Pushes a context as the thread's default, unless it is that already.
class default_context_scope {
 public:
  explicit default_context_scope(GMainContext* context);
  default_context_scope(const default_context_scope&) = delete;
  default_context_scope& operator=(const default_context_scope&) = delete;
  ~default_context_scope();

 private:
  GMainContext* pushed_;
};

/// The canceller of an operation of GIO: also cancels it when the loop closes.
class cancels_gio {
 public:
  explicit cancels_gio(loop& core) : core_(&core), cancellable_(g_cancellable_new()) {}
  cancels_gio(cancels_gio&&) noexcept = default;
  cancels_gio& operator=(cancels_gio&&) = delete;
  ~cancels_gio() {
    if (cancellable_ && core_->closed()) g_cancellable_cancel(cancellable_.get());
  }
  void operator()() const { g_cancellable_cancel(cancellable_.get()); }
  [[nodiscard]] GCancellable* get() const noexcept { return cancellable_.get(); }

 private:
  loop* core_;  // kept by the future
  glib_ptr<GCancellable> cancellable_;
};

/// An operation of GIO, until it calls back.
template <class T, class Finish>
struct gio_operation {
  interloop::promise<T> end;
  Finish finish;

  static void ready(GObject* source, GAsyncResult* result, gpointer data) noexcept {
    const std::unique_ptr<gio_operation> mine(static_cast<gio_operation*>(data));
    GError* error = nullptr;
    try {
      if constexpr (std::is_void_v<T>) {
        static_cast<void>(mine->finish(source, result, &error));
        if (!error) mine->end.resolve();
      } else {
        auto got = mine->finish(source, result, &error);
        if (!error) mine->end.resolve(T(std::move(got)));
      }
      if (error) mine->fail(std::exchange(error, nullptr));
    } catch (...) {
      g_clear_error(&error);
      mine->end.reject();
    }
  }
  void fail(GError* taken) {
    if (g_error_matches(taken, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
      const std::string message = taken->message;
      g_error_free(taken);
      end.cancelled(message);
    } else {
      end.reject(from_gerror(taken));
    }
  }
};

template <class T, class Start, class Finish>
future<T> start_gio(loop& core, Start&& start, Finish finish) {
  const default_context_scope pushed(glib_context(core));
  cancels_gio cancels(core);
  const glib_ptr<GCancellable> cancellable(static_cast<GCancellable*>(g_object_ref(cancels.get())));
  interloop::promise<T> end(core, std::move(cancels));
  future<T> made = end.get_future();
  using operation = gio_operation<T, Finish>;
  auto running = std::unique_ptr<operation>(new operation{std::move(end), std::move(finish)});
  std::forward<Start>(start)(cancellable.get(), &operation::ready, running.get());
  static_cast<void>(running.release());
  return made;
}

template <class R>
struct gio_result : std::type_identity<R> {};
template <class X>
struct gio_result<X*> : std::type_identity<glib_ptr<X>> {};
template <>
struct gio_result<gboolean> : std::type_identity<bool> {};

struct deduced {};
template <class T, class R>
using gio_result_or =
    typename std::conditional_t<std::is_same_v<T, deduced>, gio_result<R>, std::type_identity<T>>::type;

}  // namespace detail

/// Makes `task` return the outcome of the future, once: its value as `task_value<T>` says, or a GError. From here on the
/// task's GCancellable cancels the future, and does nothing else: a value that comes nevertheless is what it returns.
///
/// The task calls back as GTask does: inside the return, which is a turn of the loop, or by a source of its own if that
/// turn belongs to the same source as the call that made the task. If the loop closes, the task returns inside `close`,
/// with `INTERLOOP_ERROR_LOOP_CLOSED`, and the callback, which may be called there, must not use the loop.
/// \param task  this takes a reference of its own. The caller must not return it.
/// Errors: `loop_closed`, `usage_error` for an empty handle, `std::bad_alloc`; the task was not returned then.
/// One allocation. Source: `g_task_return_pointer` and its siblings.
template <class T>
void complete_task(GTask* task, const future<T>& f) {
  g_task_set_check_cancellable(task, FALSE);
  const detail::state_ptr<detail::task_link> link(detail::state_ptr<detail::task_link>::adopt{},
                                                  new detail::task_link(task, f.loop()));
  link->runs(observe(f, [link](outcome<T>& ended) {
    const glib_ptr<GTask> mine = link->ended();
    if (const failure* why = ended.take_failure()) {
      g_task_return_error(mine.get(), to_gerror(*why));
      return;
    }
    try {
      if constexpr (std::is_void_v<T>) {
        task_value<void>::give(mine.get());
      } else {
        task_value<T>::give(mine.get(), ended.take());
      }
    } catch (...) {
      g_task_return_error(mine.get(), to_gerror(failure::of(std::current_exception(), std::source_location{})));
    }
  }));
}

/// The body of a function `…_async` of GIO's form: makes a GTask, calls `start()`, and completes the task with the future
/// that it returned, or with what it threw. So it never throws, and always calls back.
/// \param source       the object whose function it is, or null. The task keeps a reference.
/// \param tag          the function itself, for `finish_task` to compare.
/// \param cancellable  may be null.
/// \param callback     called once, later; may be null.
/// \param start        returns a `future<T>`; called before this returns. May be a coroutine, whose captures are kept.
/// Source: `g_task_new`.
template <class Start>
void run_task(gpointer source, gpointer tag, GCancellable* cancellable, GAsyncReadyCallback callback,
              gpointer user_data, Start&& start) noexcept {
  const glib_ptr<GTask> task(g_task_new(source, cancellable, callback, user_data));
  g_task_set_source_tag(task.get(), tag);
  g_task_set_check_cancellable(task.get(), FALSE);
  try {
    complete_task(task.get(), detail::call_kept(std::forward<Start>(start)));
  } catch (...) {
    g_task_return_error(task.get(), to_gerror(failure::of(std::current_exception(), std::source_location{})));
  }
}

/// The body of a function `…_finish`: what the task returned, as `task_value<T>` says; null, zero, -1 or false, with
/// `error` set, if it failed, or if `result` is of another object or function.
/// Source: `g_task_propagate_pointer` and its siblings.
template <class T>
typename task_value<T>::finished finish_task(gpointer source, gpointer tag, GAsyncResult* result,
                                             GError** error) noexcept {
  if (!g_async_result_is_tagged(result, tag) || !g_task_is_valid(result, source)) {
    g_set_error_literal(error, INTERLOOP_ERROR, INTERLOOP_ERROR_USAGE,
                        "the GAsyncResult is of another object or function; pass the one that the callback got");
    return typename task_value<T>::finished();
  }
  return task_value<T>::take(G_TASK(result), error);
}

/// Calls an asynchronous function of GIO, and returns its result as a future.
///
///     co_await gio_call(g_file_read_async, g_file_read_finish, file, G_PRIORITY_DEFAULT)
///
/// The future fails with `glib_error`, or, if the operation was cancelled, with `cancelled_error`. Cancelling the future
/// cancels the operation's GCancellable, which this makes, and so does closing the loop; the future is over at once, and
/// what comes later is freed.
/// \tparam T      the value's type: `void`, or what can be made of what `finish` returns. Default: a `glib_ptr` for a
///                pointer, `bool` for a gboolean, otherwise the same. A pointer to what is no GObject needs `glib_free`.
/// \param core    a GLib loop; default: the current loop. The operation runs on its context.
/// \param start   `…_async`, whose last parameters are a GCancellable, a callback and its data.
/// \param finish  `…_finish`, which gets the source object, if it takes one, the result, and a GError**.
/// \param args    what `start` gets before these; used before this returns.
/// Errors: `usage_error` if the loop is not a GLib loop, `loop_closed`, `std::bad_alloc`.
/// One allocation besides the future's and GIO's own.
template <class T = detail::deduced, class... P, class R, class Source, class... Args>
future<detail::gio_result_or<T, R>> gio_call(loop& core, void (*start)(P...),
                                             R (*finish)(Source*, GAsyncResult*, GError**), Args... args) {
  return detail::start_gio<detail::gio_result_or<T, R>>(
      core, [&](auto... rest) { start(args..., rest...); },
      [finish](GObject* source, GAsyncResult* result, GError** error) {
        return finish(reinterpret_cast<Source*>(source), result, error);
      });
}
template <class T = detail::deduced, class... P, class R, class... Args>
future<detail::gio_result_or<T, R>> gio_call(loop& core, void (*start)(P...), R (*finish)(GAsyncResult*, GError**),
                                             Args... args) {
  return detail::start_gio<detail::gio_result_or<T, R>>(
      core, [&](auto... rest) { start(args..., rest...); },
      [finish](GObject*, GAsyncResult* result, GError** error) { return finish(result, error); });
}
template <class T = detail::deduced, class... P, class Finish, class... Args>
auto gio_call(void (*start)(P...), Finish* finish, Args... args) {
  return gio_call<T>(current_loop(), start, finish, args...);
}

/// The same for functions of another form, and for several results: `start(cancellable, callback, data)` has to pass all
/// three on to one asynchronous function, and `finish(result, error)` returns what makes a `T`.
template <class T, class Start, class Finish>
  requires std::is_invocable_v<Start&, GCancellable*, GAsyncReadyCallback, gpointer>
future<T> gio_call(loop& core, Start&& start, Finish finish) {
  static_assert(std::is_invocable_v<Finish&, GAsyncResult*, GError**>,
                "interloop: finish is called with a GAsyncResult* and a GError**");
  return detail::start_gio<T>(core, std::forward<Start>(start),
                              [finish = std::move(finish)](GObject*, GAsyncResult* result, GError** error) mutable {
                                return finish(result, error);
                              });
}

}  // namespace interloop
