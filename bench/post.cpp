// SPDX-License-Identifier: MIT
// What does it cost to post from another thread, without limit: until everything has run, and for the posting thread?
//
// `until_run`: one thread posts 100,000 callables as fast as it can to a loop that runs in another thread; wall time
// until the last one has run. `poster_alone`: the loop does not run meanwhile, so only posting is timed.
#include "post.hpp"

namespace bench {
namespace {

[[maybe_unused]] const bool added = [] {
  visit_loops([]<class On>(const std::string& loop) {
    benchmark::RegisterBenchmark(("until_run<interloop_post<on_" + loop + ">>").c_str(), &until_run<interloop_post<On>>)
        ->UseManualTime();
    benchmark::RegisterBenchmark(("poster_alone<interloop_post<on_" + loop + ">>").c_str(),
                                 &poster_alone<interloop_post<On>>)
        ->UseManualTime();
  });
  return true;
}();

}  // namespace
}  // namespace bench
