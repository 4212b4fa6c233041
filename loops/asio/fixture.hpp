// SPDX-License-Identifier: MIT
// The kinds of loop on standalone Asio, for tests and benchmarks.
#pragma once

#include <interloop/adapters/asio.hpp>

#include "loops/asio_common/fixture.hpp"

#include <asio.hpp>

#include <utility>

namespace interloop::test {

struct asio_flavour {
  using loop = asio_loop;
  using io_context = ::asio::io_context;
  using strand = ::asio::strand<io_context::executor_type>;
  using any_executor = ::asio::any_io_executor;
  using stream_descriptor = ::asio::posix::stream_descriptor;
  using error_code = ::asio::error_code;
  template <class E, class F>
  static void post(const E& executor, F&& fn) {
    ::asio::post(executor, std::forward<F>(fn));
  }
  static auto work_guard(io_context& io) { return ::asio::make_work_guard(io); }
};

class on_asio final : public on_asio_strand<asio_flavour> {
  using on_asio_strand::on_asio_strand;
};
class on_asio_one_thread final : public on_asio_alone<asio_flavour> {
  using on_asio_alone::on_asio_alone;
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_asio(Visit visit) {
  visit.template operator()<on_asio>("asio");
  visit.template operator()<on_asio_one_thread>("asio_one_thread");
}

}  // namespace interloop::test
