// SPDX-License-Identifier: MIT
// Cases about how watches begin and end: refusals, ends inside callbacks, descriptors whose numbers are reused.
#include "conformance_bench.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <optional>
#include <string>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

void end_cases(case_list& all) {
  all.add("a watch may end itself in its callback", [](bench& b) {
    auto fds = sockets();
    tally count;
    fd_watch watching;
    watching = b.watch(fds.near(), interest::read_write, [&, mine = counted(count)](interest) mutable {
      mine();
      watching.stop();
      b.equal(count.destroyed, 0, "callbacks destroyed while running");
      b.check(!watching.active(), "a stopped watch is not active");
    });
    fds.send();
    b.until([&] { return count.destroyed == 1; }, "the callback is destroyed");
    b.pass(3ms);
    b.equal(count.ran, 1, "reports");
    b.equal(count.destroyed, 1, "times destroyed");
  });

  all.add("a watch's handle may be destroyed in its callback", [](bench& b) {
    auto fds = sockets();
    tally count;
    std::optional<fd_watch> watching;
    watching = b.watch(fds.near(), interest::read_write, [&, mine = counted(count)](interest) mutable {
      mine();
      watching.reset();
      b.equal(count.destroyed, 0, "callbacks destroyed while running");
    });
    fds.send();
    b.until([&] { return count.destroyed == 1; }, "the callback is destroyed");
    b.pass(3ms);
    b.equal(count.ran, 1, "reports");
  });

  all.add("a watch may end another that is ready too", [](bench& b) {
    auto one = sockets();
    auto two = sockets();
    int reported = 0;
    fd_watch first;
    fd_watch second;
    // The one that is called first ends the other.
    first = b.watch(one.near(), interest::read, [&](interest) {
      ++reported;
      second = {};
      one.receive();
    });
    second = b.watch(two.near(), interest::read, [&](interest) {
      ++reported;
      first = {};
      two.receive();
    });
    one.send();
    two.send();
    b.until([&] { return reported > 0; }, "one of them is reported");
    b.pass(3ms);
    b.equal(reported, 1, "reports");
  });

  all.add("a watch that was ended reports nothing", [](bench& b) {
    auto fds = sockets();
    tally count;
    {
      fd_watch watching = b.watch(fds.near(), interest::read_write, counted(count));
      fds.send();
    }
    b.equal(count.destroyed, 1, "times destroyed");
    b.pass(3ms);
    b.equal(count.ran, 0, "reports");
  });

  all.add("ending a watch leaves the descriptor open", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    fd_watch watching = b.watch(fds.near(), interest::write, [&](interest) { ++reported; });
    b.until([&] { return reported > 0; }, "the descriptor is reported");
    watching.stop();
    watching.stop();
    b.turns();
    b.check(::fcntl(fds.near(), F_GETFD) != -1, "the descriptor is open");
    fds.send();
    b.equal(fds.receive(), 1L, "bytes read");
  });

  all.add("a watch that was stopped takes no new interest", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    fd_watch watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
    watching.stop();
    watching.set_interest(interest::read_write);
    fds.send();
    b.pass(3ms);
    b.equal(reported, 0, "reports");
  });

  all.add("a handle that is moved goes on watching, and one that is assigned over ends", [](bench& b) {
    auto one = sockets();
    auto two = sockets();
    tally first;
    tally second;
    fd_watch watching = b.watch(one.near(), interest::write, counted(first));
    fd_watch moved = std::move(watching);
    b.check(moved.active() && !watching.active(), "only the handle that was moved to is active");
    b.until([&] { return first.ran > 0; }, "the moved watch reports");
    moved = b.watch(two.near(), interest::write, counted(second));
    b.equal(first.destroyed, 1, "times the first callback was destroyed");
    const int before = first.ran;
    b.until([&] { return second.ran > 2; }, "the second watch reports");
    b.equal(first.ran, before, "reports of the first");
  });

  all.add("a watch's handle may outlive the loop", [](bench& b) {
    auto fds = sockets();
    tally count;
    fd_watch watching = b.watch(fds.near(), interest::write, counted(count));
    b.until([&] { return count.ran > 0; }, "the descriptor is reported");
    b.native().drop_owner();
    b.equal(count.destroyed, 1, "times destroyed when the loop was destroyed");
    b.check(!watching.active(), "the handle says that it is over");
    watching.set_interest(interest::read);
    watching.stop();
    b.destroy_native();
    watching.stop();
  });
}

void number_cases(case_list& all) {
  all.add("a descriptor's number may be used again by another watch", [](bench& b) {
    for (int round = 0; round < 5; ++round) {
      auto old = sockets();
      int stale = 0;
      fd_watch before = b.watch(old.near(), interest::read, [&](interest) { ++stale; });
      old.send();
      if (round % 2) b.until([&] { return stale > 0; }, "the first descriptor is reported");
      before.stop();
      stale = 0;
      const int number = old.near();
      old.close_near();
      auto fresh = sockets();
      const int same = fresh.near() == number ? number : ::fcntl(fresh.near(), F_DUPFD_CLOEXEC, number);
      b.equal(same, number, "the number used again");
      bool reported = false;
      {
        fd_watch after = b.watch(number, interest::read, [&](interest) {
          if (fresh.receive() > 0) reported = true;
        });
        b.pass(2ms);
        fresh.send();
        b.until([&] { return reported; }, "the new descriptor is reported");
      }
      b.equal(stale, 0, "reports to the old watch");
      if (same != fresh.near()) ::close(same);
    }
  });

  all.add("a descriptor's number may be used again inside the callback", [](bench& b) {
    auto old = sockets();
    std::optional<pair_of_fds> fresh;
    fd_watch before;
    fd_watch after;
    bool reported = false;
    before = b.watch(old.near(), interest::read, [&](interest) {
      const int number = old.near();
      before.stop();
      old.close_near();
      fresh.emplace(sockets());
      b.equal(fresh->near(), number, "the number used again");
      after = b.watch(number, interest::read, [&](interest) {
        if (fresh->receive() > 0) reported = true;
      });
    });
    old.send();
    b.until([&] { return fresh.has_value(); }, "the first descriptor is reported");
    fresh->send();
    b.until([&] { return reported; }, "the second descriptor is reported");
  });

  all.add("a descriptor may be watched again after its watch ended", [](bench& b) {
    auto fds = sockets();
    for (int round = 0; round < 5; ++round) {
      int reported = 0;
      const auto watching = b.watch(fds.near(), round % 2 ? interest::read : interest::write, [&](interest) {
        fds.receive();
        ++reported;
      });
      fds.send();
      b.until([&] { return reported > 0; }, "the descriptor is reported");
    }
  });
}

// A new pair whose near end has this number.
pair_of_fds sockets_at(int number) {
  auto made = sockets();
  if (made.near() == number) return made;
  if (::fcntl(made.near(), F_DUPFD_CLOEXEC, number) != number) throw case_failed{"the number is not free"};
  const int far = ::fcntl(made.far(), F_DUPFD_CLOEXEC, 0);
  return {number, far};
}

// Checks that the loop's exception handler was told, once, that a descriptor was closed.
void check_told(bench& b) {
  b.equal(b.escaped().size(), std::size_t{1}, "reports");
  const std::string told(b.escaped().front().message());
  b.check(told.find("was closed while it was watched") != std::string::npos, "the report says what was wrong: " + told);
  b.escaped().clear();
}

void lost_cases(case_list& all) {
  all.add("a number that is watched again after its descriptor was closed serves the new file", [](bench& b) {
    for (const bool duplicated : {false, true}) {
      auto old = sockets();
      int stale = 0;
      const fd_watch before = b.watch(old.near(), interest::read, [&](interest) { ++stale; });
      b.turns();
      const int number = old.near();
      const int duplicate = duplicated ? ::fcntl(number, F_DUPFD_CLOEXEC, number + 1) : -1;
      old.close_near();
      const auto fresh = sockets_at(number);
      int reported = 0;
      bool served = false;
      const fd_watch after = b.watch(number, interest::read, [&](interest) {
        ++reported;
        served = fresh.receive() > 0;
      });
      b.check(!before.active(), "the first watch has ended");
      b.turns();
      check_told(b);
      if (duplicated) old.send();  // epoll would report that for the number
      b.pass(3ms);
      b.check(reported <= 3, "the new file is not reported for the old one's sake");
      fresh.send();
      b.until([&] { return served; }, "the new file is reported");
      b.equal(stale, 0, "reports to the first watch");
      if (duplicated) ::close(duplicate);
    }
  });

  all.add("a watch whose descriptor is closed for good ends where its interest is set, which is reported",
          [](bench& b) {
            for (const bool polled : {true, false}) {
              for (const interest wanted : {interest::read, interest::read_write}) {
                auto fds = sockets();
                tally count;
                fd_watch watching = b.watch(fds.near(), interest::read, counted(count));
                if (polled) b.turns();
                fds.close_near();
                watching.set_interest(wanted);
                b.check(!watching.active(), "the watch has ended");
                b.equal(count.destroyed, 1, "times the callback was destroyed");
                check_told(b);
                b.turns();
                b.equal(count.ran, 0, "reports");
              }
            }
          });

  all.add("a watch may be stopped after its descriptor was closed, in the same callback", [](bench& b) {
    for (const bool polled : {true, false}) {
      for (const bool reused : {true, false}) {
        auto fds = sockets();
        tally count;
        fd_watch watching = b.watch(fds.near(), interest::read, counted(count));
        if (polled) b.turns();
        const int number = fds.near();
        fds.close_near();
        std::optional<pair_of_fds> fresh;
        if (reused) fresh.emplace(sockets_at(number));
        watching.stop();
        b.equal(count.destroyed, 1, "times the callback was destroyed");
        if (fresh) fresh->send();
        b.turns();
        b.equal(count.ran, 0, "reports");
        b.equal(b.escaped().size(), std::size_t{0}, "reports to the exception handler");
      }
    }
  });

  all.add("a watch follows its number to a new file where its interest is set, even the same one", [](bench& b) {
    for (const bool duplicated : {false, true}) {
      for (const interest wanted : {interest::read, interest::read_write}) {
        auto old = sockets();
        std::optional<pair_of_fds> fresh;
        int reported = 0;
        bool served = false;
        fd_watch watching = b.watch(old.near(), interest::read, [&](interest) {
          ++reported;
          if (fresh && fresh->receive() > 0) served = true;
        });
        b.turns();
        const int number = old.near();
        const int duplicate = duplicated ? ::fcntl(number, F_DUPFD_CLOEXEC, number + 1) : -1;
        old.close_near();
        fresh.emplace(sockets_at(number));
        watching.set_interest(wanted);
        b.check(watching.active(), "the watch goes on");
        if (wanted == interest::read) {
          if (duplicated) old.send();  // epoll would report that for the number
          b.pass(3ms);
          b.check(reported <= 3, "the new file is not reported for the old one's sake");
        }
        fresh->send();
        b.until([&] { return served; }, "the new file is reported");
        b.equal(b.escaped().size(), std::size_t{0}, "reports to the exception handler");
        if (duplicated) ::close(duplicate);
      }
    }
  });

  all.add("a watch may be assigned to the handle of one whose descriptor was closed before", [](bench& b) {
    auto fds = sockets();
    std::optional<pair_of_fds> fresh;
    tally first;
    int got = 0;
    fd_watch watching;
    std::function<void(interest)> receive = [&](interest) {
      if (fresh && fresh->receive() > 0) ++got;
    };
    const auto close_and_reopen = [&](pair_of_fds& which) {
      const int number = which.near();
      which.close_near();
      auto made = sockets_at(number);
      fresh.emplace(std::move(made));
      watching = b.core().watch(number, interest::read, receive);
    };
    watching = b.watch(fds.near(), interest::read, [&, mine = counted(first)](interest) mutable {
      mine();
      close_and_reopen(fds);
    });
    fds.send();
    b.until([&] { return first.destroyed == 1; }, "the first watch is replaced in its callback");
    fresh->send();
    b.until([&] { return got == 1; }, "the second is reported");
    auto before = std::move(*fresh);
    close_and_reopen(before);
    fresh->send();
    b.until([&] { return got == 2; }, "the third, which replaced the second outside its callback, is reported");
    b.equal(first.ran, 1, "reports of the first");
    b.turns();
    b.equal(b.escaped().size(), std::size_t{0}, "reports to the exception handler");
  });

  all.add("a descriptor that is closed before the native loop has seen it does not affect other watches", [](bench& b) {
    auto closed = sockets();
    auto other = sockets();
    fd_watch watching = b.watch(closed.near(), interest::read, [](interest) {});
    bool reported = false;
    const fd_watch beside = b.watch(other.near(), interest::read, [&](interest) {
      if (other.receive() > 0) reported = true;
    });
    closed.close_near();
    other.send();
    b.until([&] { return reported; }, "another descriptor is reported");
    b.turns();
    watching.set_interest(interest::none);  // the native loop may have noticed before
    check_told(b);
  });

  all.add("a watch may be bound to another descriptor, and to another file of the same number", [](bench& b) {
    auto one = sockets();
    auto two = sockets();
    const pair_of_fds* now = &one;
    int got = 0;
    fd_watch watching = b.watch(one.near(), interest::read, [&](interest ready) {
      b.equal(ready, interest::read, "the directions");
      if (now->receive() > 0) ++got;
    });
    b.turns();
    one.send();
    now = &two;
    watching.rebind(two.near(), interest::read);
    b.pass(2ms);
    b.equal(got, 0, "bytes of the first descriptor");
    two.send();
    b.until([&] { return got == 1; }, "the second descriptor is reported");

    const int number = two.near();
    two.close_near();
    auto three = sockets_at(number);
    now = &three;
    watching.rebind(number, interest::read);
    three.send();
    b.until([&] { return got == 2; }, "the file that has its number now is reported");

    b.throws<usage_error>([&] { watching.rebind(-1, interest::read); }, "binding it to no descriptor");
    const fd_watch other = b.watch(one.near(), interest::none, [](interest) {});
    b.throws<usage_error>([&] { watching.rebind(one.near(), interest::read); }, "binding it to a watched descriptor");
    b.check(watching.active(), "a refusal changes nothing");
    three.send();
    b.until([&] { return got == 3; }, "the descriptor is still reported");
    watching.rebind(number, interest::none);
    three.send();
    b.pass(2ms);
    b.equal(got, 3, "reports while paused");
    watching.stop();
    b.throws<usage_error>([&] { watching.rebind(number, interest::read); }, "binding a watch that has ended");
  });

  all.add("a watch may be bound anew to a file that has its number and its inode", [](bench& b) {
    struct event {
      int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
      ~event() { ::close(fd); }
      void signal() const { static_cast<void>(::eventfd_write(fd, 1)); }
      void reopen() const {
        const int made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        ::close(fd);
        if (::fcntl(made, F_DUPFD_CLOEXEC, fd) != fd) throw case_failed{"the number is not free"};
        ::close(made);
      }
    } files;
    int got = 0;
    fd_watch watching = b.watch(files.fd, interest::read, [&](interest) {
      eventfd_t value = 0;
      if (::eventfd_read(files.fd, &value) == 0) ++got;
    });
    files.signal();
    b.until([&] { return got == 1; }, "the first file is reported");
    files.reopen();
    watching.rebind(files.fd, interest::read);
    files.signal();
    b.until([&] { return got == 2; }, "the second file is reported");
    watching.rebind(files.fd, interest::read);
    files.signal();
    b.until([&] { return got == 3; }, "the same file is reported after it was bound again");
  });

  all.add("a watch may be bound anew in its callback", [](bench& b) {
    auto fds = sockets();
    std::optional<pair_of_fds> fresh;
    std::vector<int> seen;
    fd_watch watching;
    watching = b.watch(fds.near(), interest::read, [&](interest ready) {
      seen.push_back(static_cast<int>(ready));
      if (seen.size() == 1) {
        watching.rebind(fds.near(), interest::write);
      } else if (seen.size() == 2) {
        const int number = fds.near();
        fds.close_near();
        fresh.emplace(sockets_at(number));
        watching.rebind(number, interest::read);
        fresh->send();
      } else {
        watching.stop();
      }
    });
    fds.send();
    b.until([&] { return !watching.active(); }, "it is reported three times");
    b.equal(seen, std::vector<int>{1, 2, 1}, "the directions");
  });
}

void refusal_cases(case_list& all) {
  all.add("a second watch on one descriptor is refused", [](bench& b) {
    auto fds = sockets();
    int reported = 0;
    fd_watch watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
    b.throws<usage_error>([&] { static_cast<void>(b.core().watch(fds.near(), interest::write, [](interest) {})); },
                          "watching a descriptor twice");
    try {
      watching = b.core().watch(fds.near(), interest::write, [](interest) {});
    } catch (const usage_error& refusal) {
      const std::string said = refusal.what();
      b.check(said.find("ends the old one too late") != std::string::npos,
              "the error names the likely mistake: " + said);
    }
    fds.send();
    b.until([&] { return reported > 0; }, "the first watch goes on");
  });

  all.add("a descriptor that is not open is refused", [](bench& b) {
    const auto watch = [&](int fd) { static_cast<void>(b.core().watch(fd, interest::read, [](interest) {})); };
    b.throws<usage_error>([&] { watch(-1); }, "watching -1");
    b.throws<usage_error>([&] { watch(1'000'000); }, "watching a number that is not in use");
    auto fds = sockets();
    const int closed = fds.near();
    fds.close_near();
    b.throws<usage_error>([&] { watch(closed); }, "watching a closed descriptor");
    b.turns();
  });

  all.add("a regular file is refused", [](bench& b) {
    std::FILE* file = std::tmpfile();
    if (!file) throw case_skipped{"there is no place for a temporary file"};
    struct closer {
      std::FILE* file;
      ~closer() { std::fclose(file); }
    } guard{file};
    b.throws<usage_error>([&] { static_cast<void>(b.core().watch(::fileno(file), interest::read, [](interest) {})); },
                          "watching a regular file");
    b.turns();
  });

  all.add("an empty callback is refused", [](bench& b) {
    auto fds = sockets();
    b.throws<usage_error>([&] { static_cast<void>(b.core().watch(fds.near(), interest::read, nullptr)); },
                          "watching without a callback");
  });
}

}  // namespace

void add_watch_life_cases(case_list& all) {
  end_cases(all);
  number_cases(all);
  lost_cases(all);
  refusal_cases(all);
}

}  // namespace interloop::testing::conformance
