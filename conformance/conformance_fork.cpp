// SPDX-License-Identifier: MIT
// Cases about forked children: what they do to a loop that they share with their parent does not affect the parent.
#include "conformance_bench.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

// Runs `fn` in a child, which ends without destroying anything else. A child that hangs is killed.
template <class F>
void in_child(bench& b, F fn) {
  const ::pid_t child = ::fork();
  if (child < 0) throw case_skipped{"there can be no child"};
  if (child == 0) {
    int status = 0;
    ::alarm(static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(b.patience()).count()) + 1);
    try {
      fn();
    } catch (...) {
      status = 1;
    }
    ::_exit(status);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  b.equal(status, 0, "the child's status");
}

// What the child does to the loop that it shares with its parent must not change the parent's.
template <class F>
void survives_a_child(bench& b, F harm) {
  auto fds = sockets();
  int reported = 0;
  fd_watch watching = b.watch(fds.near(), interest::read, [&](interest) {
    if (fds.receive() > 0) ++reported;
  });
  fds.send();
  b.until([&] { return reported == 1; }, "the descriptor is reported");
  b.turns();
  bool rang = false;
  bool posted = false;
  b.later(1ms, [&] { rang = true; });
  b.thread([&] { b.post([&] { posted = true; }); }).join();
  in_child(b, [&] { harm(watching); });
  b.until([&] { return rang && posted; },
          "a timer fires, and what was posted before the fork runs; look at forked() and close()");
  fds.send();
  b.until([&] { return reported == 2; }, "the descriptor is reported again; look at forked() and close()");
  posted = false;
  const auto other = b.thread([&] { b.post([&] { posted = true; }); });
  b.until([&] { return posted; }, "what is posted after the fork runs; look at forked() and close()");
}

}  // namespace

void add_fork_cases(case_list& all) {
  all.add("a forked child that destroys the loop leaves its parent's as it is", [](bench& b) {
    survives_a_child(b, [&](fd_watch& watching) {
      watching.stop();
      b.native().drop_owner();
    });
  });

  all.add("a forked child that closes the loop leaves its parent's as it is",
          [](bench& b) { survives_a_child(b, [&](fd_watch&) { b.core().close(); }); });

  all.add("a forked child that runs the loop leaves its parent's wake-ups alone", [](bench& b) {
    b.needs(ability::runs);
    b.needs(ability::runs_in_child);
    b.turns();
    bool posted = false;
    b.thread([&] { b.post([&] { posted = true; }); }).join();
    in_child(b, [&] {
      b.core().call_later(1ms, [&] { b.core().stop(); });
      b.core().run();
      b.check(posted, "the child runs what was posted, too");
    });
    b.check(!posted, "nothing has run in the parent");
    b.until([&] { return posted; }, "what was posted before the fork runs");
  });
}

}  // namespace interloop::testing::conformance
