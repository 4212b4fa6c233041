// SPDX-License-Identifier: MIT
// interloop on Boost.Asio. Includes only the parts of it that a loop needs; include <boost/asio.hpp> for the rest.
// Asio loops are templates over executors, instantiated in the file that makes one.
//
// Do not include this together with standalone Asio: the two cannot share a translation unit.
#pragma once

#include <interloop/detail/asio_port.hpp>

#include <utility>  // first: Boost 1.74 uses std::exchange without including it

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <concepts>
#include <string_view>

namespace interloop {

namespace detail {

/// Boost.Asio's names for what the port uses.
struct boost_flavour {
  static constexpr std::string_view name = "boost_asio";
  using io_context = ::boost::asio::io_context;
  using execution_context = ::boost::asio::execution_context;
  using any_executor = ::boost::asio::any_io_executor;
  using descriptor_base = ::boost::asio::posix::descriptor_base;
  using error_code = ::boost::system::error_code;
  using system_error = ::boost::system::system_error;
  template <class E>
  using descriptor = ::boost::asio::posix::basic_descriptor<E>;
  template <class E>
  using timer = ::boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    ::boost::asio::wait_traits<std::chrono::steady_clock>, E>;
  template <class E>
  using work_guard = ::boost::asio::executor_work_guard<E>;

  template <class E>
  static auto make_strand(const E& e) {
    return ::boost::asio::make_strand(e);
  }
  template <class Service>
  static Service& use_service(execution_context& context) {
    return ::boost::asio::use_service<Service>(context);
  }
  template <class E>
  static execution_context& context_of(const E& e) {
    return ::boost::asio::query(e, ::boost::asio::execution::context);
  }
  template <class E, class F>
  static void post(const E& e, F&& fn) {
    ::boost::asio::post(e, std::forward<F>(fn));
  }
};

}  // namespace detail

/// A loop on Boost.Asio. It closes when it is destroyed, or when the execution context is, whichever is first.
///
/// On an `io_context`, or an executor that is not a strand, it makes its own strand, so any number of threads may run
/// the context. A strand that is given is used as it is. Loop-bound objects may be touched inside callbacks, in
/// handlers on the given strand, and, if a single thread runs the context, anywhere in that thread.
/// Thread safety: create it before other threads run the context, or on the given strand.
///
/// It is made of nothing, for an `io_context` of its own, which `loop::run` runs; of an `io_context&`; of that and
/// `one_thread`; or of an executor.
class boost_asio_loop : public detail::asio_loop_of<detail::boost_flavour> {
 public:
  using detail::asio_loop_of<detail::boost_flavour>::asio_loop_of;
};

/// Selects an `io_context` for the process, through a strand. Selecting the same one again has no effect.
/// Errors: `usage_error` if another loop is selected.
template <std::derived_from<::boost::asio::io_context> Context>
loop& use_boost_asio(Context& context) {
  return detail::asio_ports<detail::boost_flavour>::select(context);
}
/// The same without a strand: see `one_thread`.
template <std::derived_from<::boost::asio::io_context> Context>
loop& use_boost_asio(Context& context, one_thread_t) {
  return detail::asio_ports<detail::boost_flavour>::select(context, one_thread);
}
/// Selects the execution context of an executor; callbacks run on that executor.
template <class Executor>
  requires(!std::derived_from<Executor, ::boost::asio::execution_context>)
loop& use_boost_asio(const Executor& executor) {
  return detail::asio_ports<detail::boost_flavour>::select(executor);
}

/// Whether the selected loop is one of Boost.Asio.
[[nodiscard]] inline bool using_boost_asio() noexcept { return loop_selected("boost_asio"); }

}  // namespace interloop
