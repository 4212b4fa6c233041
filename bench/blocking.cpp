// SPDX-License-Identifier: MIT
// How long does a thread wait for a trivial function in a loop's thread: `wait_for`, compared with `asio::post` and
// `std::promise`?
//
// `asleep`: a millisecond passes before each call, so that the loop's thread sleeps. `back_to_back`: the next call
// follows at once. `two_cores`: the caller on one, the loop's thread on another; `one_core`: both on one; `anywhere`:
// the scheduler decides. A benchmark's time is the median of its calls.
#include "blocking.hpp"

#include "loops.hpp"

#include <interloop/blocking.hpp>

namespace bench {
namespace {

template <class Loop>
class interloop_wait_for {
 public:
  int call() { return blocking_(); }

 private:
  static int one() { return 1; }
  interloop::loop_thread thread_{[] { return Loop(); }};
  decltype(interloop::wait_for(thread_, 5s, &one)) blocking_ = interloop::wait_for(thread_, 5s, &one);
};

[[maybe_unused]] const bool added = [] {
  visit_owner([]<class Loop>(const std::string& name) { add<interloop_wait_for<Loop>>("interloop_" + name); });
  return true;
}();

}  // namespace
}  // namespace bench
