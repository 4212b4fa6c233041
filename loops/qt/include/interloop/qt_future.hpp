// SPDX-License-Identifier: MIT
// Qt's own idioms, both ways: a future as a QFuture, a QFuture as a future, a signal as a future.
//
// Nothing here takes a thread hop: what completes, completes in the loop's thread, in a turn or in an event of Qt's.
// Cancelling goes both ways, and what was handed out is completed when the loop closes. This header includes Qt's;
// adapters/qt.hpp does not. It needs no moc, and works with and without QT_NO_KEYWORDS.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/current_loop.hpp>
#include <interloop/detail/qt_watcher.hpp>
#include <interloop/error.hpp>
#include <interloop/loop.hpp>
#include <interloop/remote_promise.hpp>

#include <QFuture>
#include <QFutureInterface>
#include <QObject>
#include <QPromise>

#include <exception>
#include <memory>
#include <source_location>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {

struct retire_watcher {
  void operator()(qt_watcher* mine) const noexcept { mine->retire(); }
};

/// Owns the QPromise of a future that goes out. The observer of the future ends it.
template <class T>
class outgoing_qfuture final : public qt_watcher {
 public:
  static QFuture<T> start(const interloop::future<T>& f) {
    // Running from the beginning. QPromise::start would send an event to the watcher.
    QFutureInterface<T> shared(QFutureInterfaceBase::Running);
    std::unique_ptr<outgoing_qfuture, retire_watcher> made(new outgoing_qfuture(shared));
    made->qt_watcher::start();
    made->running_ = observe(f, [mine = made.get()](interloop::outcome<T>& ended) { mine->finish(ended); });
    static_cast<void>(made.release());
    return shared.future();
  }

 private:
  explicit outgoing_qfuture(const QFutureInterface<T>& shared) : qt_watcher(shared), end_(shared) {}

  void finish(interloop::outcome<T>& ended) {
    QPromise<T> end = std::move(end_);
    retire();  // first, so that Qt does not tell it
    const bool unwanted = end.isCanceled();
    end.start();
    if (ended.has_value()) {
      try {
        if constexpr (std::is_void_v<T>) {
          ended.take();
        } else {
          end.addResult(ended.take());
        }
      } catch (...) {
        end.setException(std::current_exception());
      }
    } else if (ended.cancelled()) {
      static_cast<void>(ended.take_failure());
      end.future().cancel();
    } else {
      // Qt drops the exception of a QFuture that was cancelled, so the failure is still to be reported.
      const failure* why = unwanted ? ended.peek_failure() : ended.take_failure();
      end.setException(why->exception());
    }
    end.finish();
  }

  void changed() override {
    if (end_.isCanceled()) running_.cancel("the QFuture was cancelled");
  }

  QPromise<T> end_;
  observation running_;
};

/// Owned by the canceller of the future that has come in, and so destroyed when that ends in any way.
template <class T>
class incoming_qfuture final : public qt_watcher {
 public:
  static interloop::future<T> start(loop& core, QFuture<T> source, std::source_location where) {
    if (source.isFinished()) {
      interloop::promise<T> end(core, where);
      interloop::future<T> made = end.get_future();
      settle(end, source);
      return made;
    }
    std::unique_ptr<incoming_qfuture, retire_watcher> watching(new incoming_qfuture(std::move(source)));
    incoming_qfuture& mine = *watching;
    interloop::promise<T> end(core, [watching = std::move(watching)] { watching->cancel(); }, where);
    interloop::future<T> made = end.get_future();
    mine.end_ = std::move(end);
    mine.qt_watcher::start();
    return made;
  }

 private:
  explicit incoming_qfuture(QFuture<T> source)
      : qt_watcher(QFutureInterfaceBase::get(source)), source_(std::move(source)) {}

  void cancel() {
    source_.cancel();
    // The future fails after this, with the message that the caller gave; dropping the promise before would break it.
    loop& core = end_.get_future().loop();
    core.call_soon([end = std::move(end_)] {});
  }

  void changed() override {
    // Taking the result sets it back to the beginning, before which it tells of nothing.
    const bool was_taken = QFutureInterfaceBase::get(source_).loadState() == QFutureInterfaceBase::NoState;
    if (!source_.isFinished() && !was_taken) return;
    interloop::promise<T> end = std::move(end_);
    QFuture<T> source = source_;
    settle(end, source);  // retires this
  }

  static void settle(interloop::promise<T>& end, QFuture<T>& source) {
    try {
      if (source.isFinished()) source.waitForFinished();  // throws the exception, if it has one
      if (source.isCanceled()) {
        end.cancelled("the QFuture was cancelled");
      } else if constexpr (std::is_void_v<T>) {
        end.resolve();
      } else if (source.resultCount() == 0) {
        end.reject(broken_promise(
            "from_qfuture: the QFuture finished without a result, or another copy of it has taken the result"));
      } else if constexpr (std::is_copy_constructible_v<T>) {
        end.resolve(source.result());
      } else {
        end.resolve(source.takeResult());
      }
    } catch (...) {
      end.reject();
    }
  }

  QFuture<T> source_;
  interloop::promise<T> end_;
};

/// Qt's mark at the end of the arguments of a signal that only its class may emit.
template <class T>
consteval bool is_private_signal_mark() {
  return std::string_view(__PRETTY_FUNCTION__).find("::QPrivateSignal") != std::string_view::npos;
}

template <class... Args>
struct signal_value {
  using type = std::tuple<std::decay_t<Args>...>;
};
template <class Arg>
struct signal_value<Arg> {
  using type = std::decay_t<Arg>;
};
template <>
struct signal_value<> {
  using type = void;
};

/// What Qt calls, in any thread, once. Destroyed uncalled, it fails the future.
template <class... Args>
class signal_receiver {
 public:
  using value = typename signal_value<Args...>::type;

  explicit signal_receiver(interloop::promise<value> end) : end_(std::move(end)), waiting_(true) {}
  signal_receiver(signal_receiver&& other) noexcept
      : end_(std::move(other.end_)), waiting_(std::exchange(other.waiting_, false)) {}
  ~signal_receiver() {
    if (!waiting_) return;
    try {
      end_.reject(broken_promise(
          "next_signal: the sender was destroyed, or its signal disconnected, before it emitted the signal"));
    } catch (...) {  // no memory: the future breaks without a reason
    }
  }

  void operator()(Args... args) noexcept {
    waiting_ = false;
    try {
      if constexpr (sizeof...(Args) == 0) {
        end_.resolve();
      } else {
        end_.resolve(value(std::forward<Args>(args)...));
      }
    } catch (...) {
      fail();
    }
  }

 private:
  void fail() noexcept {
    try {
      end_.reject(std::current_exception());
    } catch (...) {
    }
  }

  remote_promise<value> end_;
  bool waiting_;
};

/// signal_receiver<Args...> without Qt's mark.
template <class Kept, class... Rest>
struct receiver_of;
template <class... Kept>
struct receiver_of<std::tuple<Kept...>> {
  using type = signal_receiver<Kept...>;
};
template <class... Kept, class Next, class... Rest>
struct receiver_of<std::tuple<Kept...>, Next, Rest...>
    : std::conditional_t<sizeof...(Rest) == 0 && is_private_signal_mark<Next>(), receiver_of<std::tuple<Kept...>>,
                         receiver_of<std::tuple<Kept..., Next>, Rest...>> {};

[[noreturn]] void throw_no_sender();
[[noreturn]] void throw_not_connected();

}  // namespace detail

/// The future as a QFuture, for `then`, `onFailed`, `onCanceled`, QFutureWatcher and `co_await` of QCoro.
///
/// - A value becomes the result: moved, or copied if others need it. Without copies, take it by `takeResult`.
/// - A failure becomes the exception, of its own type. It counts as looked at.
/// - A `cancelled_error` cancels the QFuture. In a chain, put `onCanceled` before `onFailed`: Qt's `onFailed` reads the
///   result of a QFuture that was cancelled, which has none.
/// - When the loop closes, or nobody can complete the future any more, the QFuture fails with `loop_closed` or
///   `broken_promise`; in the first case its continuations run inside `close`, and must not use the loop.
///
/// It finishes in a turn of the loop, so continuations without a context object run in the loop's thread. `isRunning()`
/// is true from the beginning, `isStarted()` when it finishes.
///
/// `cancel` of the QFuture, in any thread, cancels the future as soon as Qt's events are run in this thread, and the
/// QFuture finishes when that has ended: cancelled, without a result, even if a coroutine ignored the request. A failure
/// that then comes instead is reported. Destroying all copies of the QFuture cancels nothing.
///
/// Thread safety: the loop's thread; Qt's events must run in it too, as they do with a `qt_loop`. The result may be used
/// in any thread. Two allocations besides the QFuture's own, one of them Qt's, to hear of `cancel`.
/// Errors: `loop_closed`, `usage_error` for an empty handle, `std::bad_alloc`.
template <class T>
[[nodiscard]] QFuture<T> to_qfuture(const future<T>& f) {
  return detail::outgoing_qfuture<T>::start(f);
}

/// The QFuture as a future.
///
/// - The result becomes the value: copied or, if it cannot be copied, taken from all copies of the QFuture. Of several
///   results it is the first, when the QFuture has finished.
/// - The exception becomes the failure.
/// - A QFuture that was cancelled, before it finished or after, makes the future fail with `cancelled_error`, as does one
///   whose QPromise was destroyed.
/// - One that finishes without a result, or whose result another copy takes first, makes it fail with `broken_promise`.
///   (If it was taken before this is called, Qt cannot tell it from one that has not started.)
///
/// Cancelling the future cancels the QFuture, and the future fails at once. Qt does not pass that on from a QFuture that
/// `then` returned to the one before it. The QFuture keeps its continuation: `then` may be called on it before and after
/// this. If the loop closes, the QFuture is not cancelled.
///
/// Thread safety: the loop's thread; Qt's events must run in it too, and bring the end of the QFuture from any thread.
/// No more allocations than for a future and a QFutureWatcher; the future's alone if it has finished.
/// Errors: `loop_closed`, `std::bad_alloc`.
template <class T>
[[nodiscard]] future<T> from_qfuture(loop& core, QFuture<T> source,
                                     std::source_location where = std::source_location::current()) {
  return detail::incoming_qfuture<T>::start(core, std::move(source), where);
}
/// The same on the current loop.
template <class T>
[[nodiscard]] future<T> from_qfuture(QFuture<T> source, std::source_location where = std::source_location::current()) {
  return from_qfuture(current_loop(), std::move(source), where);
}

/// The next emission of a signal, as a future of its argument: `void` without arguments, a `std::tuple` of several.
/// References are copied. Of an overloaded signal, name one with `qOverload`.
///
/// If the sender is destroyed first, or its signal disconnected, the future fails with `broken_promise`. When the future
/// is completed or cancelled, or its loop closes, the signal is disconnected.
///
/// Thread safety: the loop's thread. The sender may belong to another thread, and emit in any; it must exist until this
/// returns. The arguments travel without Qt's meta types, and the future is completed in a later turn.
/// Errors: `usage_error` if `sender` is null or Qt refuses the connection (a pointer to a member that is not a signal; a
/// program that is not compiled as Qt demands, with -fPIC); `loop_closed`, `std::bad_alloc`.
template <class Sender, class Declared, class... Args>
[[nodiscard]] auto next_signal(loop& core, const Sender* sender, void (Declared::*signal)(Args...),
                               std::source_location where = std::source_location::current()) {
  static_assert(std::is_base_of_v<Declared, Sender>,
                "interloop: next_signal: the signal is not one of the sender's class");
  using receiver = typename detail::receiver_of<std::tuple<>, Args...>::type;
  using value = typename receiver::value;
  if (!sender) detail::throw_no_sender();
  auto context = std::make_unique<QObject>();  // which ends the connection
  QObject* const its = context.get();
  promise<value> end(core, [context = std::move(context)] {}, where);
  future<value> made = end.get_future();
  const auto once = static_cast<Qt::ConnectionType>(Qt::DirectConnection | Qt::SingleShotConnection);
  if (!QObject::connect(sender, signal, its, receiver(std::move(end)), once)) detail::throw_not_connected();
  return made;
}
/// The same on the current loop.
template <class Sender, class Declared, class... Args>
[[nodiscard]] auto next_signal(const Sender* sender, void (Declared::*signal)(Args...),
                               std::source_location where = std::source_location::current()) {
  return next_signal(current_loop(), sender, signal, where);
}

}  // namespace interloop
