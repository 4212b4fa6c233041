// SPDX-License-Identifier: MIT
// What does a queued callable cost, 1,000 in one turn, and one per turn that queues the next, compared with the loop's
// post?
//
// Everything starts inside the loop, where Asio's post takes no lock. Not every loop has a post of its own.
#include "call_soon.hpp"

namespace bench {
namespace {

template <class Poster>
void add(const std::string& poster) {
  benchmark::RegisterBenchmark(("many_a_turn<" + poster + ">").c_str(), &many_a_turn<Poster>);
  benchmark::RegisterBenchmark(("one_a_turn<" + poster + ">").c_str(), &one_a_turn<Poster>);
}

[[maybe_unused]] const bool added = [] {
  visit_loops([]<class On>(const std::string& loop) {
    add<soon<On>>("soon<on_" + loop + ">");
    if constexpr (requires(On on) { on.native_post([] {}); }) add<native<On>>("native<on_" + loop + ">");
  });
  return true;
}();

}  // namespace
}  // namespace bench
