// SPDX-License-Identifier: MIT
// What the cases of the conformance suite are written with: a loop under test, checks, and pairs of descriptors.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/testing/conformance.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::testing::conformance {

using here = std::source_location;

/// Thrown when a case fails or does not apply.
struct case_failed {
  std::string message;
};
struct case_skipped {
  std::string reason;
};

[[noreturn]] void fail(const std::string& message, here where);

/// What a case is doing, for the report if it fails or hangs. Any thread.
class progress {
 public:
  void waits_for(std::string what);
  [[nodiscard]] std::string waiting() const;
  /// The case needs this ability, and the loop is said to have it.
  void relies_on(ability what);
  [[nodiscard]] std::vector<ability> relied() const;

 private:
  mutable std::mutex mutex_;
  std::string waiting_ = "its first callback";
  std::vector<ability> relied_;
};

/// A thread that is joined when the handle is destroyed, however the case ends.
class joining_thread {
 public:
  explicit joining_thread(std::thread running) noexcept : running_(std::move(running)) {}
  joining_thread(joining_thread&&) noexcept = default;
  joining_thread& operator=(joining_thread&&) = delete;
  ~joining_thread() { join(); }
  void join() {
    if (running_.joinable()) running_.join();
  }

 private:
  std::thread running_;
};

/// The loop under test, and what cases do with it. Everything that a case passes to the loop goes through here, so that
/// an `interposer` can break it.
class bench {
 public:
  bench(const harness& on, progress& doing);
  ~bench();

  [[nodiscard]] loop& core() { return native_->core(); }
  [[nodiscard]] native_loop& native() { return *native_; }
  /// Makes a new loop on the same native loop. Returns false if the harness does not offer that.
  [[nodiscard]] bool renew();
  /// Destroys the native loop at once, with everything that is pending.
  void destroy_native() { native_.reset(); }

  /// Skips the case unless the loop can do this.
  void needs(ability what) const;
  [[nodiscard]] duration patience() const noexcept { return on_.patience; }
  /// The loop's clock must not go back. Call it anywhere in the loop's thread.
  void look_at_the_clock(const std::string& when, here where = here::current());

  /// Fails the case unless `holds`, also from inside a callback. `expected` says where to look in the port, if that is one
  /// place.
  void check(bool holds, const std::string& expected, here where = here::current());
  template <class A, class B>
  void equal(const A& got, const B& expected, const std::string& what, here where = here::current()) {
    if (!(got == expected)) fail(what + ": got " + text(got) + ", expected " + text(expected), where);
  }

  /// Drives the native loop until `done()`; fails the case if that takes longer than the harness's patience.
  void until(const std::function<bool()>& done, const std::string& what, here where = here::current());
  /// Drives the native loop for a few turns, so that everything that is ready now, and what that causes, has run.
  void turns(here where = here::current());
  /// Drives the native loop while its clock moves by `span`, and for some twenty turns at least, although a busy machine
  /// may let the clock move by all of `span` within one: what a loop does each time it looks is then seen that often.
  void pass(duration span, here where = here::current());
  /// Drives the native loop for that long in real time: for use after interloop's loop was closed.
  void linger(duration span);
  /// Drives the native loop for some of its steps, however long they take: as `linger`.
  void steps(int count);
  /// Makes time pass inside a callback. Needs `ability::passes_time`.
  void stall(duration span);

  /// `loop::run`, which is stopped when patience runs out. Returns whether it ended by itself.
  bool run();

  template <class F>
  void soon(F&& fn) {
    if (between_) {
      core().call_soon(wrapped(std::forward<F>(fn)));
    } else {
      core().call_soon(std::forward<F>(fn));
    }
  }
  template <class F>
  timer later(duration delay, F&& fn) {
    if (between_) return core().call_later(delay, wrapped(std::forward<F>(fn)));
    return core().call_later(delay, std::forward<F>(fn));
  }
  template <class F>
  timer at(time_point when, F&& fn) {
    if (between_) return core().call_at(when, wrapped(std::forward<F>(fn)));
    return core().call_at(when, std::forward<F>(fn));
  }
  template <class F>
  void post(F&& fn) {
    post(core().remote(), std::forward<F>(fn));
  }
  template <class F>
  void post(const loop_remote& to, F&& fn) {
    if (between_) {
      to.post(wrapped(std::forward<F>(fn)));
    } else {
      to.post(std::forward<F>(fn));
    }
  }
  [[nodiscard]] fd_watch watch(int fd, interest wanted, function<void(interest)> fn);
  template <class T, class F>
  void then(const future<T>& what, F&& fn) {
    if (!between_) {
      add_callbacks(what, std::forward<F>(fn));
    } else if constexpr (std::is_void_v<T>) {
      add_callbacks(what, wrapped(std::forward<F>(fn)));
    } else {
      auto value = std::make_shared<T>();
      add_callbacks(what, [value, inner = wrapped([value, fn = std::forward<F>(fn)]() mutable { fn(*value); })](
                              const T& got) mutable {
        *value = got;
        inner();
      });
    }
  }
  /// Adds an errback.
  template <class T, class F>
  void otherwise(const future<T>& what, F&& fn) {
    if (!between_) {
      add_callbacks(what, nullptr, std::forward<F>(fn));
    } else {
      auto seen = std::make_shared<std::optional<failure>>();
      add_callbacks(what, nullptr, [seen, inner = wrapped([seen, fn = std::forward<F>(fn)]() mutable {
                                            fn(seen->value());
                                          })](const failure& why) mutable {
        *seen = why;
        inner();
      });
    }
  }
  void close(function<void()> released = {});

  /// A future of this loop, like `api::create_future`.
  template <class T>
  [[nodiscard]] future<T> make(here where = here::current()) {
    return with_config(core()).create_future<T>(where);
  }

  /// Fails the case unless `call` throws an `Error`.
  template <class Error, class F>
  void throws(F&& call, const std::string& what, here where = here::current()) {
    std::string instead = "nothing";
    try {
      std::forward<F>(call)();
    } catch (const Error&) {
      if (!between_ || between_->refuses()) return;
    } catch (const std::exception& other) {
      instead = other.what();
    }
    fail(what + ": it threw " + instead, where);
  }

  [[nodiscard]] interposer* between() const noexcept { return between_; }

  /// Runs `fn` in another thread, which is joined when the result is destroyed. What it throws fails the case.
  template <class F>
  [[nodiscard]] joining_thread thread(F&& fn) {
    return joining_thread(std::thread([notes = notes_, fn = std::forward<F>(fn)]() mutable {
      try {
        fn();
      } catch (const case_failed& failed) {
        notes->fail(failed.message);
      } catch (const std::exception& other) {
        notes->fail(std::string("an exception in a thread that the case did not expect: ") + other.what());
      }
    }));
  }

  /// The failures that reached the loop's exception handler.
  [[nodiscard]] std::vector<failure>& escaped() { return escaped_; }

  /// Fails if anything unexpected reached the exception handler, or a check failed inside a callback.
  void finish(here where = here::current());

 private:
  template <class F>
  function<void()> wrapped(F&& fn) {
    return between_->callable(function<void()>(std::forward<F>(fn)));
  }
  template <class T>
  static std::string text(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      return value ? "true" : "false";
    } else if constexpr (std::is_arithmetic_v<T>) {
      return std::to_string(value);
    } else if constexpr (std::is_enum_v<T>) {
      return std::to_string(static_cast<int>(value));
    } else if constexpr (std::is_convertible_v<T, std::string>) {
      return '"' + std::string(value) + '"';
    } else if constexpr (requires { value.begin(); }) {
      std::string all = "[";
      for (const auto& each : value) {
        if (all.size() > 1) all += ' ';
        all += text(each);
      }
      return all += ']';
    } else {
      return "a value";
    }
  }

  void listen();

  const harness& on_;
  progress& doing_;
  interposer* between_;
  std::unique_ptr<native_loop> native_;
  std::optional<time_point> seen_;  // by `look_at_the_clock`
  /// Throws if a check failed inside a callback or in a thread.
  void rethrow() const {
    if (std::string message = notes_->failed(); !message.empty()) throw case_failed{std::move(message)};
  }

  // Shared with threads, and with the exception handler, which may outlive the bench.
  struct notes {
    std::vector<failure> escaped;
    void fail(const std::string& message) {
      const std::lock_guard lock(mutex_);
      if (first_.empty()) first_ = message;
    }
    [[nodiscard]] std::string failed() const {
      const std::lock_guard lock(mutex_);
      return first_;
    }

   private:
    mutable std::mutex mutex_;
    std::string first_;
  };
  std::shared_ptr<notes> notes_ = std::make_shared<notes>();
  std::vector<failure>& escaped_ = notes_->escaped;
};

/// Counts how often callables were run and destroyed, some of them after the case that queued them has returned.
struct tally {
  struct numbers {
    int ran = 0;
    int destroyed = 0;
  };
  const std::shared_ptr<numbers> shared = std::make_shared<numbers>();
  int& ran = shared->ran;
  int& destroyed = shared->destroyed;
};

/// A counted callable. Move-only, so it is destroyed once.
class counted {
 public:
  explicit counted(const tally& in) noexcept : in_(in.shared) {}
  counted(counted&& other) noexcept : in_(std::move(other.in_)) {}
  counted& operator=(counted&&) = delete;
  ~counted() {
    if (in_) ++in_->destroyed;
  }
  template <class... Args>
  void operator()(Args&&...) {
    ++in_->ran;
  }

 private:
  std::shared_ptr<tally::numbers> in_;
};

/// Two connected descriptors, closed at the end. `near` is the one to watch.
class pair_of_fds {
 public:
  pair_of_fds(int near, int far) noexcept : near_(near), far_(far) {}
  pair_of_fds(pair_of_fds&& other) noexcept
      : near_(std::exchange(other.near_, -1)), far_(std::exchange(other.far_, -1)) {}
  pair_of_fds& operator=(pair_of_fds&&) = delete;
  ~pair_of_fds() {
    close_near();
    close_far();
  }
  [[nodiscard]] int near() const noexcept { return near_; }
  [[nodiscard]] int far() const noexcept { return far_; }
  void close_near() noexcept;
  void close_far() noexcept;
  /// Sends one byte from `far` to `near`.
  void send() const;
  /// Reads what has arrived at `near`. Returns the number of bytes, 0 at the end, -1 if there was nothing.
  long receive() const;
  /// Writes to `near` until it accepts no more.
  void fill() const;
  /// Reads all there is from `far`.
  void drain_far() const;

 private:
  int near_;
  int far_;
};
[[nodiscard]] pair_of_fds sockets();
/// A pipe; `near` is its reading or its writing end.
[[nodiscard]] pair_of_fds pipe_to_read();
[[nodiscard]] pair_of_fds pipe_to_write();

/// Each file of cases adds its own here.
class case_list {
 public:
  void add(std::string_view name, std::function<void(bench&)> body);
  [[nodiscard]] std::vector<test_case> take() { return std::move(all_); }

 private:
  std::vector<test_case> all_;
};

void add_order_cases(case_list& all);
void add_timer_cases(case_list& all);
void add_post_cases(case_list& all);
void add_exception_cases(case_list& all);
void add_watch_cases(case_list& all);
void add_watch_life_cases(case_list& all);
void add_future_cases(case_list& all);
void add_close_cases(case_list& all);
void add_run_cases(case_list& all);
void add_native_cases(case_list& all);
void add_idle_cases(case_list& all);
void add_nested_cases(case_list& all);
void add_fork_cases(case_list& all);

}  // namespace interloop::testing::conformance
