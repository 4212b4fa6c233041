// SPDX-License-Identifier: MIT
// An operation of Asio comes in as a future: the completion token `use_future`, for every flavour of Asio. `Net` has the
// flavour's names (`standalone_asio_tokens`).
//
// The handler owns the future's promise and the cancellation signal, which the future's canceller emits. Its executor is
// the loop's, so the promise is settled where the loop's objects may be touched, whatever the operation runs on.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/current_loop.hpp>
#include <interloop/detail/asio_port.hpp>
#include <interloop/error.hpp>
#include <interloop/loop.hpp>

#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace interloop {

namespace detail {
struct asio_token_access;
}

/// A completion token: `async_something(…, interloop::use_future)` returns a `future`.
///
/// Its type follows the operation's completion signature: `future<T>` for one value, `future<void>` for none,
/// `future<std::tuple<…>>` for several. A leading error code that is set fails the future with the flavour's
/// `system_error`, a leading `std::exception_ptr` with that exception; `operation_aborted` is `cancelled_error`.
///
/// Cancelling the future emits the operation's cancellation signal, and fails the future at once. The operation's memory
/// stays in use until its handler has run, as with every operation of Asio. Releases of Asio before 1.19 (Boost before
/// 1.77) have no such signal: the operation then goes on, and its result is dropped.
///
/// The future belongs to the loop that was given, or otherwise to `current_loop()`: a loop of the same flavour of Asio,
/// on the context of the operation's objects or on another one. The operation is initiated in that loop's thread; its
/// handler runs on the loop's executor. If the future is to be cancelled, the operation's objects may be used there too.
/// Errors, where the operation is initiated: `usage_error` for a loop that is not on this flavour of Asio,
/// `loop_closed`, `std::bad_alloc`, and what the initiating function throws.
/// Source: `asio::use_future`, which makes a `std::future`.
class use_future_t {
 public:
  constexpr use_future_t() noexcept = default;

  /// The token for a given loop.
  /// \param where  where the future was created, for tracebacks.
  [[nodiscard]] constexpr use_future_t operator()(
      loop& core, std::source_location where = std::source_location::current()) const noexcept {
    return {core, where};
  }

 private:
  friend struct detail::asio_token_access;
  constexpr use_future_t(loop& core, std::source_location where) noexcept : core_(&core), where_(where) {}

  loop* core_ = nullptr;
  std::source_location where_;
};
inline constexpr use_future_t use_future{};

namespace detail {

struct asio_token_access {
  [[nodiscard]] static loop& core(const use_future_t& token) { return token.core_ ? *token.core_ : current_loop(); }
  [[nodiscard]] static std::source_location where(const use_future_t& token) noexcept { return token.where_; }
};

/// The type of a future of these values.
template <class... Values>
struct asio_value : std::type_identity<std::tuple<Values...>> {};
template <class Value>
struct asio_value<Value> : std::type_identity<Value> {};
template <>
struct asio_value<> : std::type_identity<void> {};

/// What a completion signature says: whether its first argument is an error, and the type of the future's value.
template <class Net, class... Args>
struct asio_outcome {
  static constexpr bool may_fail = false;
  using value = typename asio_value<std::decay_t<Args>...>::type;
};
template <class Net, class First, class... Rest>
  requires(std::is_same_v<std::decay_t<First>, typename Net::error_code> ||
           std::is_same_v<std::decay_t<First>, std::exception_ptr>)
struct asio_outcome<Net, First, Rest...> {
  static constexpr bool may_fail = true;
  using value = typename asio_value<std::decay_t<Rest>...>::type;
};

/// Fails a future with the first argument of a completion handler.
template <class Net, class T>
void settle_with_error(interloop::promise<T>& end, const typename Net::error_code& error) {
  if (Net::is_abort(error)) {
    end.cancelled();
  } else {
    end.reject(typename Net::system_error(error), std::source_location{});
  }
}
template <class Net, class T>
void settle_with_error(interloop::promise<T>& end, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const typename Net::system_error& thrown) {
    if (Net::is_abort(thrown.code())) {
      end.cancelled();
      return;
    }
  } catch (...) {  // anything else is passed on as it is
  }
  end.reject(error, std::source_location{});
}

/// What the handler of an operation owns.
template <class Net, class T>
struct asio_incoming {
  interloop::promise<T> end;
  typename Net::any_executor executor;
  [[no_unique_address]] typename Net::cancellation_signal signal;
  bool occupied = false;
  bool over = false;  // the handler is gone

  /// While it exists, this does too: the operation may end while it is initiated, or while its signal is emitted.
  class occupation {
   public:
    explicit occupation(asio_incoming& of) noexcept : self_(of) { self_.occupied = true; }
    occupation(const occupation&) = delete;
    occupation& operator=(const occupation&) = delete;
    ~occupation() {
      self_.occupied = false;
      if (self_.over) delete &self_;
    }

   private:
    asio_incoming& self_;
  };
  struct deleter {
    void operator()(asio_incoming* what) const noexcept {
      what->over = true;
      if (!what->occupied) delete what;
    }
  };
  void cancel() {
    const occupation guard(*this);
    Net::emit(signal);
  }

  /// The port, if the caller, a handler on its executor, may turn: not inside of a turn, nor of a call that started or
  /// cancelled the operation.
  asio_port_of<typename Net::of_port>* turning() const {
    if (occupied || running_loop || !end.pending()) return nullptr;
    auto* const port = asio_port_of<typename Net::of_port>::find(end.get_future().loop());
    return port && port->begin_turn() ? port : nullptr;
  }
};

/// The executor of a loop's handlers, which has to be a loop of this flavour.
template <class Net>
const typename Net::any_executor& executor_of_loop(const loop& core) {
  loop_access::require_open(core, "use_future");
  if (auto* const port = asio_port_of<typename Net::of_port>::find(core)) {
    if (const auto* executor = port->executor()) return *executor;
    throw usage_error("use_future: the loop's executor cannot be an any_io_executor, which handlers need");
  }
  throw usage_error("use_future: the loop is a loop on " + std::string(core.name()) +
                    ", where an operation's handler cannot run; use a loop on " + std::string(Net::name) +
                    ", or give one: use_future(loop)");
}

/// The completion handler of a future.
template <class Net, class Signature>
class asio_future_handler;
template <class Net, class R, class... Args>
class asio_future_handler<Net, R(Args...)> {
  using outcome = asio_outcome<Net, Args...>;
  using T = typename outcome::value;

 public:
  using incoming = asio_incoming<Net, T>;
  using executor_type = typename Net::any_executor;
  using cancellation_slot_type = typename Net::cancellation_slot;

  asio_future_handler(loop& core, std::source_location where) {
    const executor_type& executor = executor_of_loop<Net>(core);
    state_.reset(new incoming{{}, executor, {}});
    if constexpr (Net::has_slots) {
      state_->end = interloop::promise<T>(core, [started = state_.get()] { started->cancel(); }, where);
    } else {
      state_->end = interloop::promise<T>(core, where);
    }
  }

  [[nodiscard]] future<T> get_future() const noexcept { return state_->end.get_future(); }
  [[nodiscard]] const executor_type& get_executor() const noexcept { return state_->executor; }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return state_->signal.slot(); }

  void operator()(Args... args) {
    auto mine = std::move(state_);
    auto* const port = mine->turning();
    try {
      settle(mine->end, std::forward<Args>(args)...);
    } catch (...) {  // a value's constructor
      mine->end.reject(std::source_location{});
    }
    mine.reset();  // callbacks may destroy the context
    if (port) port->finish_turn();
  }

  [[nodiscard]] incoming& state() const noexcept { return *state_; }

 private:
  template <class First, class... Rest>
  static void settle(interloop::promise<T>& end, First&& first, Rest&&... rest) {
    if constexpr (outcome::may_fail) {
      if (first) {
        settle_with_error<Net>(end, first);
      } else {
        resolve(end, std::forward<Rest>(rest)...);
      }
    } else {
      resolve(end, std::forward<First>(first), std::forward<Rest>(rest)...);
    }
  }
  static void settle(interloop::promise<T>& end) { resolve(end); }

  template <class... Values>
  static void resolve(interloop::promise<T>& end, Values&&... values) {
    if constexpr (sizeof...(Values) > 1) {
      end.resolve(T(std::forward<Values>(values)...));
    } else {
      end.resolve(std::forward<Values>(values)...);
    }
  }

  std::unique_ptr<incoming, typename incoming::deleter> state_;
};

/// What a flavour's `async_result` derives from.
template <class Net, class Signature>
class asio_future_result;
template <class Net, class R, class... Args>
class asio_future_result<Net, R(Args...)> {
 public:
  using completion_handler_type = asio_future_handler<Net, R(Args...)>;
  using return_type = future<typename asio_outcome<Net, Args...>::value>;

  template <class Initiation, class... Given>
  static return_type initiate(Initiation&& initiation, const use_future_t& token, Given&&... given) {
    completion_handler_type handler(asio_token_access::core(token), asio_token_access::where(token));
    const typename completion_handler_type::incoming::occupation guard(handler.state());
    return_type made = handler.get_future();
    try {
      std::forward<Initiation>(initiation)(std::move(handler), std::forward<Given>(given)...);
    } catch (...) {
      future_access::state(made).mark_observed();  // the caller sees it
      throw;
    }
    return made;
  }
};

}  // namespace detail
}  // namespace interloop
