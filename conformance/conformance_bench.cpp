// SPDX-License-Identifier: MIT
#include "conformance_bench.hpp"

#include <interloop/loop_port.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
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

// Ports reach any loop's port.
struct some_port : loop_port {
  using loop_port::port_of;
};

std::string in_file(const std::string& message, here where) {
  return std::string(where.file_name()) + ':' + std::to_string(where.line()) + ": " + message;
}

}  // namespace

void fail(const std::string& message, here where) { throw case_failed{in_file(message, where)}; }

bench::bench(const harness& on, progress& doing) : on_(on), doing_(doing), between_(on.between), native_(on.make()) {
  listen();
}

bool bench::renew() {
  if (!native_->make_owner()) return false;
  listen();
  return true;
}

void bench::listen() {
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
  doing_.relies_on(what);
}

void bench::look_at_the_clock(const std::string& when, here where) {
  const time_point present = core().now();
  if (seen_ && present < *seen_)
    fail("the loop's clock went back by " + std::to_string((*seen_ - present).count()) + " ns " + when +
             "; look at the port's now()",
         where);
  seen_ = present;
}

void bench::check(bool holds, const std::string& expected, here where) {
  if (!holds) fail("expected that " + expected, where);
}

void bench::until(const std::function<bool()>& done, const std::string& what, here where) {
  const auto enough = [this, &done] { return !notes_->failed().empty() || done(); };
  doing_.waits_for(in_file(what, where));
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
  for (int i = 0; i < 8; ++i) turns(where);
}

void bench::linger(duration span) {
  doing_.waits_for("the harness's run_until() to return after " +
                   std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(span).count()) + " ms");
  static_cast<void>(native_->run_until([this] { return !notes_->failed().empty(); }, span));
  rethrow();
}

void bench::steps(int count) {
  doing_.waits_for("the harness's run_until() to return after " + std::to_string(count) + " steps");
  static_cast<void>(native_->run_until([&count] { return --count < 0; }, on_.patience));
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
  doing_.waits_for("loop::run() to return; if the loop was closed, close() has to end the run");
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  bool stopped = false;
  std::thread guard([&, remote = core().remote(), port = &some_port::port_of(core())] {
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, on_.patience, [&] { return over; })) return;
    stopped = true;
    try {
      remote.post([this] { core().stop(); });
      // If an earlier wake-up was lost, the core waits for that one and asks for no other.
      do {
        remote.post([] {});  // throws once the loop is closed
        port->wake();
      } while (!changed.wait_for(lock, on_.patience / 10, [&] { return over; }));
    } catch (const loop_closed&) {  // then run() has returned, or the case hangs, and says so
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
  if (!escaped_.empty())
    fail("the loop's exception handler was given what this case does not expect: " + failure_message(escaped_.front()),
         where);
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

void progress::waits_for(std::string what) {
  const std::lock_guard lock(mutex_);
  waiting_ = std::move(what);
}
std::string progress::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}
void progress::relies_on(ability what) {
  const std::lock_guard lock(mutex_);
  if (std::find(relied_.begin(), relied_.end(), what) == relied_.end()) relied_.push_back(what);
}
std::vector<ability> progress::relied() const {
  const std::lock_guard lock(mutex_);
  return relied_;
}

}  // namespace interloop::testing::conformance
