// SPDX-License-Identifier: MIT
// Asio with a strand, which several threads require.
#include "bench/call_soon.hpp"

namespace bench {
namespace {

using interloop::test::on_asio;

/// The cost of an I/O object's handler if Asio is used with a strand, which several threads require.
struct native_strand {
  on_asio on;
  asio::strand<asio::io_context::executor_type> strand = asio::make_strand(on.native);
  template <class F>
  void post(F&& fn) {
    asio::post(strand, std::forward<F>(fn));
  }
};

BENCHMARK(many_a_turn<native_strand>);
BENCHMARK(one_a_turn<native_strand>);

}  // namespace
}  // namespace bench
