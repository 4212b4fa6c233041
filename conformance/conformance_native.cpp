// SPDX-License-Identifier: MIT
// Cases about what the application has on the native loop besides interloop: neither keeps the other from running.
#include "conformance_bench.hpp"

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

// A native watch, or null if the native loop refuses it.
std::shared_ptr<void> native_watch(bench& b, int fd, std::function<void()> on_readable) {
  std::shared_ptr<void> made;
  try {
    made = b.native().watch_native(fd, std::move(on_readable));
  } catch (const case_failed&) {
    throw;
  } catch (const std::exception&) {
    return nullptr;
  }
  if (!made) throw case_skipped{"this harness has no watch_native()"};
  return made;
}

// Timers, posts, callables and descriptors are served, while something native goes on.
void everything_is_served(bench& b) {
  auto fds = sockets();
  bool rang = false;
  bool posted = false;
  bool called = false;
  bool reported = false;
  const auto watching = b.watch(fds.near(), interest::read, [&](interest) { reported = fds.receive() > 0; });
  b.soon([&] { called = true; });
  b.later(2ms, [&] { rang = true; });
  const auto poster = b.thread([&, remote = b.core().remote()] { b.post(remote, [&] { posted = true; }); });
  fds.send();
  const std::string why =
      "; the port's native objects have a priority that is too low, or are looked at only when the native loop is idle";
  b.until([&] { return called; }, "a callable runs" + why);
  b.until([&] { return rang; }, "a timer fires" + why);
  b.until([&] { return posted; }, "a post runs" + why);
  b.until([&] { return reported; }, "a descriptor is reported" + why);
}

}  // namespace

void add_native_cases(case_list& all) {
  all.add("native handlers that follow each other without end do not starve the loop", [](bench& b) {
    b.needs(ability::calls_natively);
    struct chain : std::enable_shared_from_this<chain> {  // the last handler may run after the case
      bench* on = nullptr;
      void call() {
        on->native().call_native([self = shared_from_this()] {
          if (self->on) self->call();
        });
      }
    };
    const auto busy = std::make_shared<chain>();
    busy->on = &b;
    busy->call();
    struct end {
      chain& of;
      ~end() { of.on = nullptr; }
    } const guard{*busy};
    everything_is_served(b);
    busy->on = nullptr;
    b.linger(1ms);
  });

  all.add("a native watch that stays ready does not starve the loop", [](bench& b) {
    b.needs(ability::watches_natively);
    auto busy = sockets();
    busy.send();
    int handled = 0;
    const auto native = native_watch(b, busy.near(), [&] { ++handled; });  // never reads
    b.check(native != nullptr, "the native loop watches a descriptor");
    everything_is_served(b);
    b.until([&] { return handled > 1; }, "the native watch reports");
  });

  all.add("a native watch of the same descriptor works beside the loop's, or one of them is refused", [](bench& b) {
    b.needs(ability::watches_natively);
    for (const bool native_first : {true, false}) {
      auto fds = sockets();
      int natively = 0;
      int reported = 0;
      std::shared_ptr<void> native;
      fd_watch watching;
      const auto begin_native = [&] { native = native_watch(b, fds.near(), [&] { ++natively; }); };
      const auto begin_ours = [&] {
        try {
          watching = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
        } catch (const usage_error&) {  // refused
        }
      };
      if (native_first) {
        begin_native();
        b.check(native != nullptr, "the native loop watches a descriptor");
        begin_ours();
      } else {
        begin_ours();
        b.check(watching.active(), "the loop watches a descriptor");
        begin_native();
      }
      const bool ours = watching.active();
      b.turns();
      fds.send();
      b.until([&] { return (!ours || reported > 1) && (!native || natively > 1); },
              "both watches report what one byte that nobody reads means; a port whose native loop cannot watch twice "
              "has to throw usage_error in watch()");
      watching.stop();
      natively = 0;
      b.until([&] { return !native || natively > 1; }, "the native watch reports after the loop's has ended");
      native = nullptr;
      b.turns();
      const fd_watch again = b.watch(fds.near(), interest::read, [&](interest) { ++reported; });
      reported = 0;
      b.until([&] { return reported > 1; }, "the loop's watch reports after the native one has ended");
    }
  });
}

}  // namespace interloop::testing::conformance
