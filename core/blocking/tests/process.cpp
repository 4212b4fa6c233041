// SPDX-License-Identifier: MIT
// A plain program with threads, for process_test: `process <what> <loop>` does one thing that needs its own process,
// prints the result to the standard output, and ends as its name says.
#include "support/blocking.hpp"

#include <interloop/interloop.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace interloop;
using namespace std::chrono_literals;
using blocking_test::event;
using blocking_test::setup_loop;

namespace {

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// The exception that `fn` throws, as type and message; "nothing" if it returns.
template <class F>
std::string thrown_by(F fn) {
  try {
    fn();
    return "nothing";
  } catch (...) {
    return failure_message(create_failure());
  }
}

const auto hang = run_in_reactor([] { return blocking_test::never<int>(); });
const auto blocking_hang = wait_for(1h, [] { return blocking_test::never<int>(); });
const auto thread_id = wait_for(60s, [] { return std::this_thread::get_id(); });
const auto kernel_thread_id = wait_for(60s, [] { return static_cast<int>(::gettid()); });

// ---- setup ----

void setup_from_many_threads(const std::string& loop) {
  event go;
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  std::vector<std::thread::id> ids(32);
  for (std::size_t t = 0; t < ids.size(); ++t)
    threads.emplace_back([&, t] {
      go.wait();
      if (t % 2) {
        setup_loop(loop);
      } else {
        setup([&] {
          ++made;
          return blocking_test::own_loop(loop);
        });
      }
      ids[t] = thread_id();
    });
  go.set();
  for (std::thread& each : threads) each.join();
  for (const std::thread::id& each : ids)
    if (each != ids[0]) say("several loops");
  say(made <= 1 ? "one loop" : "several factories were called");
}

void setup_again_is_nothing(const std::string& loop) {
  setup_loop(loop);
  const auto first = thread_id();
  setup([]() -> interloop::loop_owner { throw std::runtime_error("must not be called"); });
  for (const std::string& other : blocking_test::loop_names()) setup_loop(other);
  say(thread_id() == first ? "the first" : "another");
}

void setup_factory_fails(const std::string& loop) {
  say(thrown_by([] { setup([]() -> interloop::loop_owner { throw std::runtime_error("not now"); }); }));
  say(thrown_by([] { static_cast<void>(thread_id()); }));
  setup_loop(loop);
  say(thrown_by([] { static_cast<void>(thread_id()); }));
}

void setup_in_its_own_factory(const std::string& loop) {
  setup([&] {
    setup_loop(loop);  // like a library that the factory uses
    return blocking_test::own_loop(loop);
  });
  say(thrown_by([] { static_cast<void>(thread_id()); }));
}

void before_setup(const std::string&) {
  say(thrown_by([] { static_cast<void>(hang()); }));
  say(thrown_by([] { static_cast<void>(blocking_hang()); }));
}

void no_setup_wins(const std::string& loop) {
  const interloop::loop_owner own = blocking_test::own_loop(loop);
  event running;
  no_setup(own);
  no_setup(own);
  setup_loop(loop);
  std::thread other([&] {
    running.wait();
    say(thread_id() == std::this_thread::get_id() ? "its own" : "the application's loop");
    static_cast<void>(run_in_reactor([] { create_future_success<void>().loop().stop(); })());
  });
  interloop::loop& core = own;
  const loop_hold hold = core.hold();
  core.call_soon([&] {
    say(thrown_by([] { static_cast<void>(thread_id()); }));
    running.set();
  });
  core.run();
  other.join();
}

void no_setup_after_setup(const std::string& loop) {
  setup_loop(loop);
  const interloop::loop_owner own = blocking_test::own_loop(loop);
  say(thrown_by([&] { no_setup(own); }));
}

void no_setup_twice(const std::string& loop) {
  const interloop::loop_owner one = blocking_test::own_loop(loop);
  const interloop::loop_owner two = blocking_test::own_loop(loop);
  no_setup(one);
  say(thrown_by([&] { no_setup(two); }));
}

void no_setup_again_after_the_loop_has_gone(const std::string& loop) {
  no_setup(blocking_test::own_loop(loop));
  std::set<std::string> told;
  for (int i = 0; i < 20; ++i) {  // some have the address of the first one
    const interloop::loop_owner another = blocking_test::own_loop(loop);
    told.insert(thrown_by([&] { no_setup(another); }));
  }
  for (const std::string& each : told) say(each);
}

// ---- Exit ----

void returns(const std::string& loop) {
  setup_loop(loop);
  static_cast<void>(thread_id());
  say("done");
}

void returns_with_work_pending(const std::string& loop) {
  setup_loop(loop);
  static struct {
    std::optional<eventual_result<int>> result;
  } kept;
  kept.result = hang();
  static_cast<void>(run_in_reactor([]() -> future<void> { co_await interloop::sleep(1h); })().stash());
  static_cast<void>(hang().stash());
  static_cast<void>(thread_id());
  say("done");
}

void exits_under_threads_that_call_in(const std::string& loop) {
  setup_loop(loop);
  static std::atomic<int> calls{0};
  for (int t = 0; t < 8; ++t)
    std::thread([] {
      for (;;) {
        try {
          static_cast<void>(wait_for(1ms, [] { return blocking_test::never<int>(); })());
        } catch (const error&) {
        }
        try {
          static_cast<void>(retrieve_result<int>(run_in_reactor([] { return 1; })().stash()).wait(60s));
        } catch (const error&) {
        }
        ++calls;
      }
    }).detach();
  while (calls < 1000) std::this_thread::yield();
  say("done");
}

void exits_in_the_loops_thread(const std::string& loop) {
  setup_loop(loop);
  say("done");
  static_cast<void>(run_in_reactor([] { std::exit(0); })());
  for (;;) ::pause();
}

void exits_with_a_stashed_failure(const std::string& loop) {
  setup_loop(loop);
  static_cast<void>(run_in_reactor([] { throw std::runtime_error("stashed and forgotten"); })().stash());
  const std::uint64_t seen = run_in_reactor([] { throw std::runtime_error("stashed and seen"); })().stash();
  say(thrown_by([&] { retrieve_result<void>(seen).wait(60s); }));
}

void exits_with_a_stashed_failure_of_a_loop_that_has_gone(const std::string& loop) {
  const auto thread = blocking_test::start_loop(loop);
  const auto result = run_in_reactor(*thread, [] { throw std::runtime_error("stashed and forgotten"); })();
  wait_for(*thread, 60s, [] {})();
  static_cast<void>(result.stash());
  setup_loop(loop);  // its guard is destroyed after the stash's
}

void throws(const std::string& loop) {
  setup_loop(loop);
  const auto pending = hang();
  static_cast<void>(thread_id());
  say("done");
  throw std::runtime_error("nobody catches this");
}

void idles(const std::string& loop) {
  setup_loop(loop);
  const std::string path = "/proc/self/task/" + std::to_string(kernel_thread_id()) + "/status";
  const auto switches = [&path] {
    long all = 0;
    std::ifstream status(path);
    for (std::string line; std::getline(status, line);)
      if (line.find("ctxt_switches:") != std::string::npos) all += std::atol(line.c_str() + line.find(':') + 1);
    return all;
  };
  // Waits until the thread has gone to sleep after the call; then it is left alone.
  long before = switches();
  for (;;) {
    std::this_thread::sleep_for(50ms);
    const long now = switches();
    if (now == before) break;
    before = now;
  }
  std::this_thread::sleep_for(2s);
  say(std::to_string(switches() - before));
}

// ---- Fork ----

template <class F>
int in_child(F fn) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    fn();
    std::exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void forks(const std::string& loop) {
  setup_loop(loop);
  const auto thread = blocking_test::start_loop(loop);
  const auto pending = hang();
  const auto known = run_in_reactor([] { return 1; })();
  const auto failed = run_in_reactor([] { throw std::runtime_error("the parent's"); })();
  const auto elsewhere = run_in_reactor(*thread, [] { return 2; });
  static_cast<void>(known.wait(60s));
  wait_for(60s, [] {})();
  const auto uid = run_in_reactor([] { throw std::runtime_error("the parent's stash"); })().stash();
  const int status = in_child([&] {
    say(thrown_by([&] { static_cast<void>(hang()); }));
    say(thrown_by([&] { static_cast<void>(blocking_hang()); }));
    say(thrown_by([&] { static_cast<void>(pending.wait(60s)); }));
    say(thrown_by([&] { static_cast<void>(known.wait(60s)); }));
    say(thrown_by([&] { static_cast<void>(elsewhere()); }));
    say(thrown_by([&] { static_cast<void>(pending.stash()); }));
    say(thrown_by([&] { static_cast<void>(retrieve_result<void>(uid)); }));
    say(thrown_by([&] { pending.cancel(); }));
  });
  say("child " + std::to_string(status));
  say(thrown_by([&] { failed.wait(60s); }));
  say(thrown_by([&] { retrieve_result<void>(uid).wait(60s); }));
}

void forks_and_starts_again(const std::string& loop) {
  setup_loop(loop);
  auto before = blocking_test::start_loop(loop);
  static_cast<void>(thread_id());
  const int status = in_child([&] {
    {
      const auto after = blocking_test::start_loop(loop);
      say(std::to_string(wait_for(*after, 60s, [] { return 1; })()));
      before.reset();  // the parent's thread and one of ours may have the same id now
      say(std::to_string(wait_for(*after, 60s, [] { return 2; })()));
      say(std::to_string(retrieve_result<int>(run_in_reactor(*after, [] { return 3; })().stash()).wait(60s)));
    }
    setup_loop(loop);
    say(thrown_by([] { static_cast<void>(thread_id()); }));
    static_cast<void>(hang().stash());
  });
  say("child " + std::to_string(status));
  say(thrown_by([] { static_cast<void>(thread_id()); }));
}

void forks_under_threads_that_call_in(const std::string& loop) {
  setup_loop(loop);
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      while (!over) static_cast<void>(retrieve_result<int>(run_in_reactor([] { return 1; })().stash()).wait(60s));
    });
  int failed = 0;
  for (int i = 0; i < 50; ++i)
    failed += in_child([] {
      if (thrown_by([] { static_cast<void>(hang()); }) == "nothing") std::_Exit(1);
      if (thrown_by([] { static_cast<void>(retrieve_result<int>(1)); }) == "nothing") std::_Exit(1);
    });
  over = true;
  for (std::thread& each : threads) each.join();
  say(std::to_string(failed));
}

void forks_under_threads_that_post(const std::string& loop) {
  const interloop::loop_owner own = blocking_test::own_loop(loop);
  interloop::loop& core = own;
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, remote = core.remote()] {
      while (!over) {
        for (int i = 0; i < 200; ++i) remote.post([] {});
        std::this_thread::sleep_for(100us);
      }
    });
  const loop_hold hold = core.hold();
  int failed = 0;
  for (int i = 0; i < 50; ++i) {
    core.call_soon([&] { core.stop(); });
    core.run();  // runs the posted callables; otherwise there would be too many
    failed += in_child([&] {
      ::alarm(5);
      core.post([] {});
      core.close();
      std::_Exit(0);
    });
    if (failed != 0) break;
  }
  over = true;
  for (std::thread& each : threads) each.join();
  say(std::to_string(failed));
}

// ---- Signals ----

std::atomic<int> handled{0};

void on_interrupt(int) {
  ++handled;
  interrupt_wait();
}
void on_ignored_interrupt(int) { ++handled; }

void handle(int flags, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(SIGINT, &action, nullptr);
}

// Sends this process SIGINT until `over`, from a thread that does not take it.
class nagger {
 public:
  explicit nagger(int pause_us) {
    thread_ = std::thread([this, pause_us] {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_BLOCK, &all, nullptr);
      while (!over_) {
        std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
        ::kill(::getpid(), SIGINT);
      }
    });
  }
  ~nagger() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

void interrupts(const std::string& loop, int flags) {
  setup_loop(loop);
  handle(flags, on_interrupt);
  const auto pending = hang();
  std::atomic<int> cancels{0};
  {
    const nagger nag(1000);
    say(thrown_by([&] { static_cast<void>(pending.wait()); }));
    say(thrown_by([&] { static_cast<void>(pending.wait(1h)); }));
    say(thrown_by([&] {
      static_cast<void>(wait_for(1h, [&] { return blocking_test::never<int>([&cancels] { ++cancels; }); })());
    }));
  }
  wait_for(60s, [] {})();
  say("cancelled " + std::to_string(cancels));
}
void interrupts_a_wait(const std::string& loop) { interrupts(loop, 0); }
void interrupts_a_restarting_wait(const std::string& loop) { interrupts(loop, SA_RESTART); }

// Signals that arrive soon after a wait has begun, mostly while it still spins.
void interrupts_a_wait_that_spins(const std::string& loop) {
  setup_loop(loop);
  handle(SA_RESTART, on_interrupt);
  const auto pending = hang();
  int interrupted = 0;
  for (int i = 0; i < 100; ++i) {
    std::atomic<bool> about_to_wait{false};
    std::thread sender([&, waiter = ::pthread_self()] {
      while (!about_to_wait) {
      }
      const auto when = std::chrono::steady_clock::now() + std::chrono::microseconds(20 + i % 50);
      while (std::chrono::steady_clock::now() < when) {
      }
      ::pthread_kill(waiter, SIGINT);
    });
    about_to_wait = true;
    try {
      static_cast<void>(pending.wait(200ms));
    } catch (const interrupted_error&) {
      ++interrupted;
    } catch (const timeout_error&) {  // a busy machine: it came before the wait
    }
    sender.join();
  }
  say(interrupted > 50 ? "interrupted" : "only " + std::to_string(interrupted));
}

void ignores(const std::string& loop, int flags) {
  setup_loop(loop);
  handle(flags, on_ignored_interrupt);
  const auto pending = hang();
  std::optional<std::string> end;
  {
    const nagger nag(500);
    std::thread other([&] {
      while (handled < 20) std::this_thread::yield();
      pending.cancel();
    });
    say(thrown_by([&] { static_cast<void>(pending.wait(1h)); }));
    other.join();
  }
}
void waits_on_after_a_signal(const std::string& loop) { ignores(loop, 0); }
void waits_on_after_a_restarting_signal(const std::string& loop) { ignores(loop, SA_RESTART); }

const std::map<std::string, void (*)(const std::string&)> things{
    {"setup_from_many_threads", setup_from_many_threads},
    {"setup_again_is_nothing", setup_again_is_nothing},
    {"setup_factory_fails", setup_factory_fails},
    {"setup_in_its_own_factory", setup_in_its_own_factory},
    {"before_setup", before_setup},
    {"no_setup_wins", no_setup_wins},
    {"no_setup_after_setup", no_setup_after_setup},
    {"no_setup_twice", no_setup_twice},
    {"no_setup_again_after_the_loop_has_gone", no_setup_again_after_the_loop_has_gone},
    {"returns", returns},
    {"returns_with_work_pending", returns_with_work_pending},
    {"exits_under_threads_that_call_in", exits_under_threads_that_call_in},
    {"exits_in_the_loops_thread", exits_in_the_loops_thread},
    {"exits_with_a_stashed_failure", exits_with_a_stashed_failure},
    {"exits_with_a_stashed_failure_of_a_loop_that_has_gone", exits_with_a_stashed_failure_of_a_loop_that_has_gone},
    {"throws", throws},
    {"idles", idles},
    {"forks", forks},
    {"forks_and_starts_again", forks_and_starts_again},
    {"forks_under_threads_that_call_in", forks_under_threads_that_call_in},
    {"forks_under_threads_that_post", forks_under_threads_that_post},
    {"interrupts_a_wait", interrupts_a_wait},
    {"interrupts_a_restarting_wait", interrupts_a_restarting_wait},
    {"interrupts_a_wait_that_spins", interrupts_a_wait_that_spins},
    {"waits_on_after_a_signal", waits_on_after_a_signal},
    {"waits_on_after_a_restarting_signal", waits_on_after_a_restarting_signal},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || !things.contains(argv[1])) {
    std::fprintf(stderr, "usage: %s <what> <loop>\n", argv[0]);
    return 2;
  }
  things.at(argv[1])(argv[2]);
  return 0;
}
