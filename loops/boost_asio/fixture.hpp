// SPDX-License-Identifier: MIT
// The kinds of loop on Boost.Asio, for tests and benchmarks.
#pragma once

#include <interloop/adapters/boost_asio.hpp>

#include "loops/asio_common/fixture.hpp"

#include <boost/asio.hpp>

#include <utility>

namespace interloop::test {

struct boost_asio_flavour {
  using loop = boost_asio_loop;
  using io_context = ::boost::asio::io_context;
  using strand = ::boost::asio::strand<io_context::executor_type>;
  using any_executor = ::boost::asio::any_io_executor;
  using stream_descriptor = ::boost::asio::posix::stream_descriptor;
  using error_code = ::boost::system::error_code;
  template <class E, class F>
  static void post(const E& executor, F&& fn) {
    ::boost::asio::post(executor, std::forward<F>(fn));
  }
  static auto work_guard(io_context& io) { return ::boost::asio::make_work_guard(io); }
};

class on_boost_asio final : public on_asio_strand<boost_asio_flavour> {
  using on_asio_strand::on_asio_strand;
};
class on_boost_asio_one_thread final : public on_asio_alone<boost_asio_flavour> {
  using on_asio_alone::on_asio_alone;
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_boost_asio(Visit visit) {
  visit.template operator()<on_boost_asio>("boost_asio");
  visit.template operator()<on_boost_asio_one_thread>("boost_asio_one_thread");
}

}  // namespace interloop::test
