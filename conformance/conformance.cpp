// SPDX-License-Identifier: MIT
#include <interloop/testing/conformance.hpp>

#include "conformance_bench.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <condition_variable>
#include <mutex>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

pair_of_fds made(const int (&fds)[2], int near, int error) {
  if (error != 0) throw case_failed{"no descriptors are left to test with"};
  for (const int fd : fds) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return {fds[near], fds[1 - near]};
}

// How many descriptors the process has open, or -1 if that is unknown.
int open_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (!folder) return -1;
  int count = 0;
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

outcome run_case(const harness& on, const std::function<void(bench&)>& body) {
  const int before = open_descriptors();
  try {
    {
      bench fresh(on);
      body(fresh);
      fresh.finish();
    }
    if (const int after = open_descriptors(); after != before)
      return {outcome::kind::failed,
              "the case began with " + std::to_string(before) + " open descriptors and left " + std::to_string(after)};
    return {outcome::kind::passed, {}};
  } catch (const case_failed& failed) {
    return {outcome::kind::failed, failed.message};
  } catch (const case_skipped& skipped) {
    return {outcome::kind::skipped, skipped.reason};
  } catch (const std::exception& other) {
    return {outcome::kind::failed, std::string("an exception that the case did not expect: ") + other.what()};
  } catch (...) {
    return {outcome::kind::failed, "an exception that the case did not expect"};
  }
}

}  // namespace

void fail(const std::string& message, here where) {
  throw case_failed{std::string(where.file_name()) + ':' + std::to_string(where.line()) + ": " + message};
}

bench::bench(const harness& on) : on_(on), between_(on.between), native_(on.make()) {
  core().set_exception_handler([notes = notes_](std::string_view, const failure& escaped) {
    try {
      escaped.rethrow();
    } catch (const case_failed& failed) {
      notes->fail(failed.message);
    } catch (...) {
      notes->escaped.push_back(escaped);
    }
  });
}

bench::~bench() = default;

void bench::needs(ability what) const {
  if (const auto found = on_.lacks.find(what); found != on_.lacks.end()) throw case_skipped{found->second};
}

void bench::check(bool holds, const std::string& expected, here where) {
  if (!holds) fail("expected that " + expected, where);
}

void bench::until(const std::function<bool()>& done, const std::string& what, here where) {
  const auto enough = [this, &done] { return !notes_->failed().empty() || done(); };
  const bool came = native_->run_until(enough, on_.patience);
  rethrow();
  if (!came) fail("this did not happen in time: " + what, where);
}

void bench::turns(here where) {
  // More generations than one turn runs, so the native loop runs its own handlers in between.
  int left = 40;
  std::function<void()> again = [&] {
    if (--left > 0) core().call_soon(std::ref(again));
  };
  core().call_soon(std::ref(again));
  until([&] { return left == 0; }, "forty callables, each queued by the one before", where);
}

void bench::pass(duration span, here where) {
  bool rang = false;
  core().call_later(span, [&] { rang = true; });
  until([&] { return rang; }, "a timer to tell that time has passed", where);
}

void bench::linger(duration span) {
  static_cast<void>(native_->run_until([this] { return !notes_->failed().empty(); }, span));
  rethrow();
}

void bench::stall(duration span) {
  needs(ability::passes_time);
  const time_point end = core().now() + span;
  const auto give_up = std::chrono::steady_clock::now() + on_.patience;
  std::this_thread::sleep_for(span);
  while (core().now() < end) {
    if (std::chrono::steady_clock::now() > give_up)
      throw case_failed{"the loop's clock stands still inside a callback"};
    std::this_thread::sleep_for(1ms);
  }
}

bool bench::run() {
  needs(ability::runs);
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  bool stopped = false;
  std::thread guard([&, remote = core().remote()] {
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, on_.patience, [&] { return over; })) return;
    stopped = true;
    try {
      remote.post([this] { core().stop(); });
    } catch (const loop_closed&) {  // then run() has returned, or never will
    }
  });
  std::exception_ptr thrown;
  try {
    core().run();
  } catch (...) {
    thrown = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex);
    over = true;
  }
  changed.notify_all();
  guard.join();
  if (thrown) std::rethrow_exception(thrown);
  rethrow();
  return !stopped;
}

fd_watch bench::watch(int fd, interest wanted, function<void(interest)> fn) {
  if (!between_) return core().watch(fd, wanted, std::move(fn));
  auto seen = std::make_shared<interest>();
  return core().watch(
      fd, wanted, [seen, inner = wrapped([seen, fn = std::move(fn)]() mutable { fn(*seen); })](interest ready) mutable {
        *seen = ready;
        inner();
      });
}

void bench::close(function<void()> released) {
  if (!between_ || between_->closes()) core().close(std::move(released));
}

void bench::finish(here where) {
  rethrow();
  if (!escaped_.empty()) fail("the exception handler was given " + failure_message(escaped_.front()), where);
}

void pair_of_fds::close_near() noexcept {
  if (near_ >= 0) ::close(std::exchange(near_, -1));
}
void pair_of_fds::close_far() noexcept {
  if (far_ >= 0) ::close(std::exchange(far_, -1));
}
void pair_of_fds::send() const {
  if (::write(far_, "x", 1) != 1) throw case_failed{"a byte could not be written to a descriptor to test with"};
}
long pair_of_fds::receive() const {
  char bytes[4096];
  return static_cast<long>(::read(near_, bytes, sizeof bytes));
}
void pair_of_fds::fill() const {
  const std::string bytes(65536, 'x');
  while (::write(near_, bytes.data(), bytes.size()) > 0) continue;
}
void pair_of_fds::drain_far() const {
  char bytes[65536];
  while (::read(far_, bytes, sizeof bytes) > 0) continue;
}

pair_of_fds sockets() {
  int fds[2];
  const int error = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
  return made(fds, 0, error);
}
pair_of_fds pipe_to_read() {
  int fds[2];
  const int error = ::pipe(fds);
  return made(fds, 0, error);
}
pair_of_fds pipe_to_write() {
  int fds[2];
  const int error = ::pipe(fds);
  return made(fds, 1, error);
}

void case_list::add(std::string_view name, std::function<void(bench&)> body) {
  all_.push_back({name, [body = std::move(body)](const harness& on) { return run_case(on, body); }});
}

const std::vector<test_case>& cases() {
  static const std::vector<test_case> all = [] {
    case_list list;
    add_order_cases(list);
    add_timer_cases(list);
    add_post_cases(list);
    add_exception_cases(list);
    add_watch_cases(list);
    add_watch_life_cases(list);
    add_future_cases(list);
    add_close_cases(list);
    add_run_cases(list);
    add_nested_cases(list);
    add_fork_cases(list);
    return list.take();
  }();
  return all;
}

std::string identifier(std::string_view name) {
  std::string made;
  for (const char c : name) made += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return made;
}

}  // namespace interloop::testing::conformance
