// SPDX-License-Identifier: MIT
// interloop on standalone Asio. Includes only the parts of Asio that a loop needs; include <asio.hpp> for the rest.
// Asio loops are templates over executors, instantiated in the file that makes one.
//
// Do not include this together with Boost.Asio: the two cannot share a translation unit.
#pragma once

#include <interloop/detail/asio_port.hpp>

#include <asio/basic_waitable_timer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/basic_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>

#include <chrono>
#include <concepts>
#include <string_view>
#include <utility>

namespace interloop {

namespace detail {

/// Standalone Asio's names for what the port uses.
struct standalone_asio {
  static constexpr std::string_view name = "asio";
  using io_context = ::asio::io_context;
  using execution_context = ::asio::execution_context;
  using any_executor = ::asio::any_io_executor;
  using descriptor_base = ::asio::posix::descriptor_base;
  using error_code = ::asio::error_code;
  using system_error = ::asio::system_error;
  template <class E>
  using descriptor = ::asio::posix::basic_descriptor<E>;
  template <class E>
  using timer =
      ::asio::basic_waitable_timer<std::chrono::steady_clock, ::asio::wait_traits<std::chrono::steady_clock>, E>;
  template <class E>
  using work_guard = ::asio::executor_work_guard<E>;

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
  template <class E, class F>
  static void post(const E& e, F&& fn) {
    ::asio::post(e, std::forward<F>(fn));
  }
};

}  // namespace detail

/// A loop on Asio. It closes when it is destroyed, or when the execution context is, whichever is first.
///
/// On an `io_context`, or an executor that is not a strand, it makes its own strand, so any number of threads may run
/// the context. A strand that is given is used as it is. Loop-bound objects may be touched inside callbacks, in
/// handlers on the given strand, and, if a single thread runs the context, anywhere in that thread.
/// Thread safety: create it before other threads run the context, or on the given strand.
///
/// It is made of nothing, for an `io_context` of its own, which `loop::run` runs; of an `io_context&`; of that and
/// `one_thread`; or of an executor.
class asio_loop : public detail::asio_loop_of<detail::standalone_asio> {
 public:
  using detail::asio_loop_of<detail::standalone_asio>::asio_loop_of;
};

/// Selects an `io_context` for the process, through a strand. Selecting the same one again has no effect.
/// Errors: `usage_error` if another loop is selected.
template <std::derived_from<::asio::io_context> Context>
loop& use_asio(Context& context) {
  return detail::asio_ports<detail::standalone_asio>::select(context);
}
/// The same without a strand: see `one_thread`.
template <std::derived_from<::asio::io_context> Context>
loop& use_asio(Context& context, one_thread_t) {
  return detail::asio_ports<detail::standalone_asio>::select(context, one_thread);
}
/// Selects the execution context of an executor; callbacks run on that executor.
template <class Executor>
  requires(!std::derived_from<Executor, ::asio::execution_context>)
loop& use_asio(const Executor& executor) {
  return detail::asio_ports<detail::standalone_asio>::select(executor);
}

/// Whether the selected loop is one of standalone Asio.
[[nodiscard]] inline bool using_asio() noexcept { return loop_selected("asio"); }

}  // namespace interloop
