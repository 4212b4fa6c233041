// SPDX-License-Identifier: MIT
// Users' callables behind one interface: procedures, which are answered, and handlers of events.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/future.hpp>
#include <interloop/wamp/detail/core_link.hpp>
#include <interloop/wamp/error.hpp>
#include <interloop/wamp/invocation.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace interloop::wamp::detail {

/// Answers an invocation with what a procedure returned.
template <class T>
void yield_value(core_link& core, std::uint64_t id, const T& value) {
  if constexpr (std::is_same_v<T, result>) {
    writer* const out = core.begin_yield(id, false, value.args.size(), true);
    if (!out) return;
    for (const auto& each : value.args) write(*out, each);
    out->end_list();
    write(*out, value.kwargs);
  } else if constexpr (is_tuple<T>::value) {
    writer* const out = core.begin_yield(id, false, std::tuple_size_v<T>, false);
    if (!out) return;
    std::apply([out](const auto&... each) { (write(*out, each), ...); }, value);
  } else {
    writer* const out = core.begin_yield(id, false, 1, false);
    if (!out) return;
    write(*out, value);
  }
  core.end_yield();
}
inline void yield_nothing(core_link& core, std::uint64_t id) {
  if (core.begin_yield(id, false, 0, false)) core.end_yield();
}

/// Owns a call's frame, as one pointer, so that a future keeps it without allocating; from when `kept` is set. Before, it is
/// nobody's: where a future cannot keep it, because there is no memory, it is leaked rather than destroyed too early.
template <class Frame>
class frame_owner {
 public:
  explicit frame_owner(Frame* frame) noexcept : frame_(frame) {}
  frame_owner(frame_owner&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  frame_owner& operator=(frame_owner&&) = delete;
  ~frame_owner() {
    if (frame_ && frame_->kept) delete frame_;
  }
  Frame* operator->() const noexcept { return frame_; }

 private:
  Frame* frame_;
};

struct invocation_in {
  core_link& core;
  std::uint64_t id;
  const payload& got;
};

/// Reads a call's arguments. Errors: `application_error`, to be answered, if the procedure does not take these.
template <class Arguments>
Arguments read_call(const payload& got) {
  try {
    return read_parameters(got, std::type_identity<Arguments>());
  } catch (const value_error& why) {
    throw application_error("wamp.error.invalid_argument", std::string(why.what()));
  }
}

/// A registered callable. Its calls may outlive the registration: they keep it.
class procedure : public std::enable_shared_from_this<procedure> {
 public:
  procedure() = default;
  procedure(const procedure&) = delete;
  procedure& operator=(const procedure&) = delete;
  virtual ~procedure() = default;
  /// Calls it, and answers now or later. What this throws is for the caller to answer.
  virtual void call(const invocation_in& in) = 0;
};

template <class F>
class procedure_of final : public procedure {
  using returned = typename signature<F>::returned;
  using parameters = parameters_of<invocation, typename signature<F>::parameters>;
  using arguments = typename parameters::arguments;
  static_assert(
      parameters_readable<arguments>,
      "interloop: no codec reads one of the procedure's parameters (texts are std::string); `invocation` must "
      "come first");

  /// One call: what a coroutine may refer to.
  struct frame {
    std::shared_ptr<procedure> keep;
    core_ptr core;
    std::uint64_t id;
    std::tuple<std::conditional_t<parameters::has_context, invocation, std::monostate>> context;
    arguments all;
    bool kept = false;  // see frame_owner
  };

 public:
  template <class Given>
  explicit procedure_of(Given&& fn) : fn_(std::forward<Given>(fn)) {}

  void call(const invocation_in& in) override {
    if constexpr (!parameters::has_context && !is_future_v<std::remove_cvref_t<returned>>) {
      arguments all = read_call<arguments>(in.got);
      answer(in.core, in.id, [&]() -> decltype(auto) { return apply(all); });
    } else {
      auto made = std::make_unique<frame>(
          frame{shared_from_this(), core_ptr(&in.core), in.id, make_context(in), read_call<arguments>(in.got)});
      const auto run = [&]() -> decltype(auto) {
        if constexpr (parameters::has_context) {
          return std::apply(
              [&](auto&... each) -> decltype(auto) { return fn_(std::get<0>(made->context), std::move(each)...); },
              made->all);
        } else {
          return apply(made->all);
        }
      };
      if constexpr (is_future_v<std::remove_cvref_t<returned>>) {
        const auto pending = run();  // before `made` is moved
        later(pending, std::move(made));
      } else {
        answer(in.core, in.id, run);
      }
    }
  }

 private:
  static auto make_context(const invocation_in& in) {
    if constexpr (parameters::has_context) {
      return std::tuple<invocation>(invocation(std::make_shared<invocation::state>(invocation::state{
          core_ptr(&in.core), in.id, in.got.format, std::string(in.got.details), std::string(in.got.kwargs)})));
    } else {
      return std::tuple<std::monostate>();
    }
  }

  decltype(auto) apply(arguments& all) {
    return std::apply([this](auto&... each) -> decltype(auto) { return fn_(std::move(each)...); }, all);
  }

  template <class Run>
  static void answer(core_link& core, std::uint64_t id, Run&& run) {
    if constexpr (std::is_void_v<returned>) {
      run();
      yield_nothing(core, id);
    } else {
      yield_value<std::remove_cvref_t<returned>>(core, id, run());
    }
  }

  template <class T>
  static void later(const future<T>& pending, std::unique_ptr<frame> made) {
    if (!pending) throw usage_error("the procedure returned an empty future");
    core_link& core = *made->core;
    frame* const call = made.release();
    observation running = observe(pending, [call = frame_owner<frame>(call)](outcome<T>& ended) {
      if (ended.closing()) return;
      try {
        if (ended.has_value()) {
          if constexpr (std::is_void_v<T>) {
            yield_nothing(*call->core, call->id);
          } else {
            yield_value<T>(*call->core, call->id, ended.value());
          }
        } else {
          call->core->answer_error(call->id, *ended.take_failure());
        }
      } catch (...) {
        call->core->answer_error(call->id, caught(std::source_location{}));
      }
    });
    call->kept = true;
    core.set_running(call->id, std::move(running));
  }

  F fn_;
};

/// A handler of events.
class event_handler : public std::enable_shared_from_this<event_handler> {
 public:
  event_handler() = default;
  event_handler(const event_handler&) = delete;
  event_handler& operator=(const event_handler&) = delete;
  virtual ~event_handler() = default;
  virtual void call(std::uint64_t publication, const payload& got) = 0;
};

template <class F>
class event_handler_of final : public event_handler {
  using returned = typename signature<F>::returned;
  using parameters = parameters_of<event, typename signature<F>::parameters>;
  using arguments = typename parameters::arguments;
  static_assert(parameters_readable<arguments>,
                "interloop: no codec reads one of the handler's parameters (texts are std::string); `event` must come "
                "first");

  struct frame {
    std::shared_ptr<event_handler> keep;
    std::tuple<std::conditional_t<parameters::has_context, event, std::monostate>> context;
    arguments all;
    bool kept = false;  // see frame_owner
  };

 public:
  template <class Given>
  explicit event_handler_of(Given&& fn) : fn_(std::forward<Given>(fn)) {}

  void call(std::uint64_t publication, const payload& got) override {
    if constexpr (is_future_v<std::remove_cvref_t<returned>>) {
      auto made = std::make_unique<frame>(frame{shared_from_this(), make_context(publication, got), read(got)});
      const auto pending = run(*made);
      if (!pending) throw usage_error("the event handler returned an empty future");
      // A failure that nobody looks at goes to the exception handler by itself.
      frame* const call = made.release();
      add_callbacks(pending, [call = frame_owner<frame>(call)](const auto&...) {});
      call->kept = true;
    } else {
      frame made{nullptr, make_context(publication, got), read(got)};
      static_cast<void>(run(made));
    }
  }

 private:
  static arguments read(const payload& got) { return read_parameters(got, std::type_identity<arguments>()); }
  static auto make_context(std::uint64_t publication, const payload& got) {
    if constexpr (parameters::has_context) {
      return std::tuple<event>(event(publication, got));
    } else {
      static_cast<void>(publication);
      static_cast<void>(got);
      return std::tuple<std::monostate>();
    }
  }
  decltype(auto) run(frame& made) {
    return std::apply(
        [&](auto&... each) -> decltype(auto) {
          if constexpr (parameters::has_context) {
            return fn_(std::get<0>(made.context), std::move(each)...);
          } else {
            return fn_(std::move(each)...);
          }
        },
        made.all);
  }

  F fn_;
};

template <class F>
std::shared_ptr<procedure> make_procedure(F&& fn) {
  static_assert(plain_callable<std::decay_t<F>>,
                "interloop: the procedure's parameter types must be known; it must not be generic or overloaded");
  return std::make_shared<procedure_of<std::decay_t<F>>>(std::forward<F>(fn));
}
template <class F>
std::shared_ptr<event_handler> make_event_handler(F&& fn) {
  static_assert(plain_callable<std::decay_t<F>>,
                "interloop: the handler's parameter types must be known; it must not be generic or overloaded");
  return std::make_shared<event_handler_of<std::decay_t<F>>>(std::forward<F>(fn));
}

}  // namespace interloop::wamp::detail
