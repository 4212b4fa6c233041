// SPDX-License-Identifier: MIT
// Cases about what watched descriptors report.
#include "conformance_bench.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

// Spurious readiness may be reported, but not repeatedly.
constexpr int few = 3;

void direction_cases(case_list& all) {
  all.add("a descriptor with data is reported as readable", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    int received = 0;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest ready) {
      b.equal(ready, interest::read, "the directions");
      b.check(b.core().in_loop_thread(), "it is called in the loop's thread");
      if (fds.receive() > 0) ++received;
      ++reported;
    });
    b.pass(2ms);
    b.check(reported <= few, "a descriptor without data is not reported");
    fds.send();
    b.until([&] { return received == 1; }, "the descriptor is reported");
    b.pass(2ms);
    b.check(reported <= 2 * few, "a descriptor whose data was read is not reported");
  });

  all.add("a descriptor with room is reported as writable until it is full", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    const auto watching = b.watch(fds.near(), interest::write, [&](interest ready) {
      b.equal(ready, interest::write, "the directions");
      fds.fill();
      ++reported;
    });
    b.until([&] { return reported >= 1; }, "the descriptor is reported");
    b.pass(2ms);
    b.check(reported <= few, "a full descriptor is not reported");
    const int before = reported;
    fds.drain_far();
    b.until([&] { return reported > before; }, "the descriptor is reported when there is room again");
  });

  all.add("one watch serves both directions", [](bench& b) {
    auto fds = sockets();
    interest seen = interest::none;
    const auto watching = b.watch(fds.near(), interest::read_write, [&](interest ready) { seen = seen | ready; });
    fds.send();
    b.until([&] { return seen == interest::read_write; }, "both directions are reported");
  });

  all.add("a direction that was not asked for is not reported", [](bench& b) {
    auto fds = sockets();  // always writable
    int reported = 0;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest ready) {
      ++reported;
      b.equal(ready, interest::read, "the directions");
      fds.receive();
    });
    b.pass(2ms);
    b.check(reported <= few, "it is not reported for being writable");
    reported = 0;
    fds.send();
    b.until([&] { return reported > 0; }, "the data is reported");
  });

  all.add("data that was not read is reported again", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
    fds.send();
    b.until([&] { return reported >= 5; }, "the same byte is reported five times");
  });

  all.add("fifty descriptors are reported each", [](bench& b) {
    std::vector<pair_of_fds> pairs;
    std::vector<fd_watch> watches;
    std::vector<int> reported(50);
    int served = 0;
    for (std::size_t i = 0; i < 50; ++i) {
      pairs.push_back(sockets());
      watches.push_back(b.watch(pairs[i].near(), interest::read, [&, i](interest) {
        pairs[i].receive();
        if (++reported[i] == 1) ++served;
      }));
    }
    for (const pair_of_fds& each : pairs) each.send();
    b.until([&] { return served == 50; }, "all are reported");
  });

  all.add("a descriptor may be watched from inside a callback", [](bench& b) {
    auto fds = sockets();
    bool reported = false;
    fd_watch watching;
    b.soon([&] { watching = b.watch(fds.near(), interest::write, [&](interest) { reported = true; }); });
    b.until([&] { return reported; }, "the descriptor is reported");
  });
}

void end_cases(case_list& all) {
  all.add("a peer that closes is reported as readable", [](bench& b) {
    auto fds = sockets();
    bool ended = false;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) { ended = fds.receive() == 0; });
    b.turns();
    fds.close_far();
    b.until([&] { return ended; }, "the end is reported");
  });

  all.add("a peer that closes one half leaves the other writable", [](bench& b) {
    auto fds = sockets();
    bool ended = false;
    bool writable = false;
    const auto watching = b.watch(fds.near(), interest::read_write, [&](interest ready) {
      if (has(ready, interest::read)) ended = ended || fds.receive() == 0;
      if (has(ready, interest::write)) writable = true;
    });
    ::shutdown(fds.far(), SHUT_WR);
    b.until([&] { return ended && writable; }, "the end and room to write are reported");
  });

  all.add("what was sent before the end is reported before the end", [](bench& b) {
    auto fds = sockets();
    std::vector<long> got;
    fds.send();
    fds.close_far();
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) { got.push_back(fds.receive()); });
    b.until([&] { return got.size() >= 2; }, "the data and the end are reported");
    b.equal(got[0], 1L, "the first read");
    b.equal(got[1], 0L, "the second read");
  });

  all.add("a pipe whose writer is gone is reported to its reader", [](bench& b) {
    auto fds = pipe_to_read();  // only a hang-up, no data
    bool ended = false;
    const auto watching = b.watch(fds.near(), interest::read, [&](interest ready) {
      b.equal(ready, interest::read, "the directions");
      ended = fds.receive() == 0;
    });
    b.turns();
    fds.close_far();
    b.until([&] { return ended; }, "the hang-up is reported");
  });

  all.add("a full pipe whose reader is gone is reported to its writer", [](bench& b) {
    auto fds = pipe_to_write();  // only an error, no room
    fds.fill();
    int reported = 0;
    const auto watching = b.watch(fds.near(), interest::write, [&](interest ready) {
      b.equal(ready, interest::write, "the directions");
      ++reported;
    });
    b.pass(1ms);
    b.check(reported <= few, "a full pipe is not reported");
    reported = 0;
    fds.close_far();
    b.until([&] { return reported >= 2; }, "the error is reported, as long as it lasts");
  });
}

void odd_cases(case_list& all) {
  all.add("a watch for writing alone hears that the peer of a full socket has gone", [](bench& b) {
    auto fds = sockets();
    fds.fill();
    int reported = 0;
    const auto watching = b.watch(fds.near(), interest::write, [&](interest ready) {
      b.equal(ready, interest::write, "the directions");
      ++reported;
    });
    b.pass(1ms);
    b.check(reported <= few, "a full socket is not reported");
    reported = 0;
    fds.close_far();
    b.until([&] { return reported > 0; }, "the end is reported; errors and hang-ups count as both directions");
  });

  all.add("a device that cannot be waited for is reported or refused", [](bench& b) {
    const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) throw case_skipped{"there is no /dev/null"};
    const pair_of_fds device(fd, -1);
    int reported = 0;
    fd_watch watching;
    try {
      watching = b.watch(fd, interest::read_write, [&](interest) { ++reported; });
    } catch (const usage_error&) {
      return;
    }
    b.until([&] { return reported > 1 || !watching.active(); },
            "/dev/null, which epoll refuses, is reported as ready; or watch() throws usage_error, or lost() is called");
    b.escaped().clear();
  });
}

void interest_cases(case_list& all) {
  all.add("interest may change inside the callback", [](bench& b) {
    auto fds = sockets();
    std::vector<int> seen;
    fd_watch watching;
    watching = b.watch(fds.near(), interest::read, [&](interest ready) {
      seen.push_back(static_cast<int>(ready));
      watching.set_interest(ready == interest::read ? interest::write : interest::read);
    });
    fds.send();
    b.until([&] { return seen.size() >= 6; }, "the directions are reported in turn");
    seen.resize(6);
    b.equal(seen, std::vector<int>{1, 2, 1, 2, 1, 2}, "the directions");
  });

  all.add("interest may change from outside a callback", [](bench& b) {
    auto fds = sockets();
    interest seen = interest::none;
    fd_watch watching = b.watch(fds.near(), interest::read, [&](interest ready) { seen = seen | ready; });
    b.turns();
    watching.set_interest(interest::write);
    b.until([&] { return seen == interest::write; }, "room to write is reported");
    fds.send();
    b.turns();
    b.equal(seen, interest::write, "the directions that were reported");
    watching.set_interest(interest::read_write);
    b.until([&] { return seen == interest::read_write; }, "both directions are reported");
  });

  all.add("a paused watch reports nothing until it is resumed", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    fd_watch watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
    b.turns();
    watching.set_interest(interest::none);
    fds.send();
    b.pass(3ms);
    b.equal(reported, 0, "reports while paused");
    b.check(watching.active(), "a paused watch is active");
    watching.set_interest(interest::read);
    b.until([&] { return reported > 0; }, "what came meanwhile is reported");
  });

  all.add("a watch may pause itself inside its callback", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    fd_watch watching;
    watching = b.watch(fds.near(), interest::read_write, [&](interest) {
      ++reported;
      watching.set_interest(interest::none);
    });
    fds.send();
    b.until([&] { return reported == 1; }, "the descriptor is reported");
    b.pass(3ms);
    b.equal(reported, 1, "reports");
    watching.set_interest(interest::read);
    b.until([&] { return reported == 2; }, "the descriptor is reported again");
  });

  all.add("a watch may begin paused", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    fd_watch watching = b.watch(fds.near(), interest::none, [&](interest) { ++reported; });
    fds.send();
    b.pass(3ms);
    b.equal(reported, 0, "reports while paused");
    watching.set_interest(interest::read);
    b.until([&] { return reported > 0; }, "the descriptor is reported");
  });

  all.add("a paused watch reports not even that the peer has closed", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    fd_watch watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
    watching.set_interest(interest::none);
    fds.close_far();
    b.pass(3ms);
    b.equal(reported, 0, "reports while paused");
    watching.set_interest(interest::read);
    b.until([&] { return reported > 0; }, "the end is reported when the watch is resumed");
  });

  all.add("a descriptor's flags are left as they were found", [](bench& b) {
    for (const bool blocking : {true, false}) {
      auto fds = sockets();
      const int plain = ::fcntl(fds.near(), F_GETFL) & ~O_NONBLOCK;
      const int flags = blocking ? plain : plain | O_NONBLOCK;
      ::fcntl(fds.near(), F_SETFL, flags);
      int reported = 0;
      fd_watch watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
      b.equal(::fcntl(fds.near(), F_GETFL), flags, "the flags while it is watched");
      fds.send();
      b.until([&] { return reported > 1; }, "the descriptor is reported");
      b.equal(::fcntl(fds.near(), F_GETFL), flags, "the flags after a report");
      watching.set_interest(interest::read_write);
      b.turns();
      b.equal(::fcntl(fds.near(), F_GETFL), flags, "the flags after a change of interest");
      watching.stop();
      b.turns();
      b.equal(::fcntl(fds.near(), F_GETFL), flags, "the flags after the watch ended");
    }
  });
}

}  // namespace

void add_watch_cases(case_list& all) {
  direction_cases(all);
  end_cases(all);
  odd_cases(all);
  interest_cases(all);
}

}  // namespace interloop::testing::conformance
