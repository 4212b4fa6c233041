// SPDX-License-Identifier: MIT
// interloop on standalone Asio. Includes only the parts of Asio that a loop needs; include <asio.hpp> for the rest.
// Asio loops are templates over executors, instantiated in the file that makes one.
//
// Do not include this together with Boost.Asio: the two cannot share a translation unit.
#pragma once

#include <interloop/detail/asio_port.hpp>
#include <interloop/select.hpp>

#include <asio/basic_waitable_timer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/basic_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace interloop {

namespace detail {

template <class E>
struct inner_executor_of {
  using type = E;
};
template <class E>
  requires requires(const E& e) { e.get_inner_executor(); }
struct inner_executor_of<E> {
  using type = std::decay_t<decltype(std::declval<const E&>().get_inner_executor())>;
};
template <class E>
using inner_executor = typename inner_executor_of<E>::type;

/// The names of standalone Asio that the port uses.
struct standalone_asio {
  static constexpr std::string_view name = "asio";
  using io_context = ::asio::io_context;
  using execution_context = ::asio::execution_context;
  using service = ::asio::execution_context::service;
  using service_id = ::asio::execution_context::id;
  using error_code = ::asio::error_code;
  using any_executor = ::asio::any_io_executor;
  template <class E>
  using timer =
      ::asio::basic_waitable_timer<std::chrono::steady_clock, ::asio::wait_traits<std::chrono::steady_clock>, E>;
  template <class E>
  struct descriptor : ::asio::posix::basic_descriptor<E> {
    using ::asio::posix::basic_descriptor<E>::basic_descriptor;
  };
  // On the executor inside a strand: Asio 1.22 has no work guard for a strand on an any_io_executor.
  template <class E>
  using work_guard = ::asio::executor_work_guard<inner_executor<E>>;
  static constexpr auto wait_read = ::asio::posix::descriptor_base::wait_read;
  static constexpr auto wait_write = ::asio::posix::descriptor_base::wait_write;

  template <class E>
  static constexpr bool is_strand = requires(const E& e) { e.get_inner_executor(); };

  template <class E>
  static inner_executor<E> innermost(const E& e) {
    if constexpr (is_strand<E>) {
      return e.get_inner_executor();
    } else {
      return e;
    }
  }
  template <class E>
  static auto make_strand(const E& e) {
    return ::asio::make_strand(e);
  }
  template <class Service>
  static Service& use_service(execution_context& context) {
    return ::asio::use_service<Service>(context);
  }
  template <class E>
  static execution_context& context_of(const E& e) {
    return ::asio::query(e, ::asio::execution::context);
  }
  template <class E>
  static io_context* io_context_of(const E& e) {
    if constexpr (is_strand<E>) {
      return io_context_of(e.get_inner_executor());
    } else if constexpr (std::is_same_v<E, io_context::executor_type>) {
      return &e.context();
    } else if constexpr (std::is_same_v<E, any_executor>) {
#ifndef ASIO_NO_TYPEID
      // Asio 1.22 does not compare the type in target() itself.
      if (e.target_type() == typeid(io_context::executor_type))
        return &e.template target<io_context::executor_type>()->context();
#endif
      return nullptr;
    } else {
      return nullptr;
    }
  }
  template <class E, class F>
  static void post(const E& e, F&& fn) {
    ::asio::post(e, std::forward<F>(fn));
  }
};

}  // namespace detail

/// Says that only one thread runs the `io_context`, so the loop needs no strand. Faster, and a nested `poll()` or
/// `run_one()` inside a callback works.
struct one_thread_t {};
inline constexpr one_thread_t one_thread{};

/// A loop on Asio. It closes when it is destroyed, or when the execution context is, whichever is first.
///
/// On an `io_context`, or an executor that is not a strand, it makes its own strand, so any number of threads may run
/// the context. A strand that is given is used as it is. Loop-bound objects may be touched inside callbacks, in
/// handlers on the given strand, and, if a single thread runs the context, anywhere in that thread.
/// Thread safety: create it before other threads run the context, or on the given strand.
class asio_loop : public loop_owner {
  using ports = detail::asio_ports<detail::standalone_asio>;

 public:
  // All templates, so that a file which only includes this header instantiates nothing of Asio.

  /// On an `io_context` of its own, which `loop::run` runs, in one thread.
  template <class Ports = ports>
  asio_loop() : loop_owner(Ports::on_its_own()) {}
  template <std::derived_from<::asio::io_context> Context>
  explicit asio_loop(Context& context) : loop_owner(ports::on(context)) {}
  template <std::derived_from<::asio::io_context> Context>
  asio_loop(Context& context, one_thread_t) : loop_owner(ports::on_one_thread(context)) {}
  template <class Executor>
    requires(!std::is_base_of_v<::asio::execution_context, Executor> && !std::is_base_of_v<loop_owner, Executor>)
  explicit asio_loop(const Executor& executor) : loop_owner(ports::on(executor)) {}
};

/// Selects an `io_context` for the process, through a strand. Selecting the same one again has no effect.
/// Errors: `usage_error` if another loop is selected.
template <std::derived_from<::asio::io_context> Context>
loop& use_asio(Context& context) {
  return select_loop("asio", &context, [&context] { return loop_owner(asio_loop(context)); });
}
/// The same without a strand: see `one_thread`.
template <std::derived_from<::asio::io_context> Context>
loop& use_asio(Context& context, one_thread_t) {
  return select_loop("asio", &context, [&context] { return loop_owner(asio_loop(context, one_thread)); });
}
/// Selects the execution context of an executor; callbacks run on that executor.
template <class Executor>
  requires(!std::is_base_of_v<::asio::execution_context, Executor>)
loop& use_asio(const Executor& executor) {
  return select_loop("asio", &detail::standalone_asio::context_of(executor),
                     [&executor] { return loop_owner(asio_loop(executor)); });
}

/// Whether the selected loop is one of standalone Asio.
[[nodiscard]] inline bool using_asio() noexcept { return loop_selected("asio"); }

}  // namespace interloop
