// SPDX-License-Identifier: MIT
// Which thread is the loop's, compared with a list of events: three threads make, run, turn and close a loop in turn,
// and each of them is asked at each step. The port knows nothing, everything, or when a strand is held.
#include <interloop/interloop.hpp>
#include <interloop/loop_port.hpp>

#include "support/bare_port.hpp"
#include "support/random_steps.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

constexpr int thread_count = 3;

// Threads that do one thing at a time, while the code that asked for it waits (and does what others ask of it).
class workers {
 public:
  workers() {
    for (int i = 0; i < thread_count; ++i) threads_.emplace_back([this, i] { work(i); });
  }
  workers(const workers&) = delete;
  workers& operator=(const workers&) = delete;
  ~workers() {
    for (int i = 0; i < thread_count; ++i) in(i, [] { leaving() = true; });
    for (std::thread& each : threads_) each.join();
  }

  // Calls `fn` in that thread, and returns when it is done.
  void in(int which, const std::function<void()>& fn) {
    if (here() == which) return fn();
    job mine{&fn};
    std::unique_lock lock(mutex_);
    given_[which] = &mine;
    changed_.notify_all();
    serve(lock, [&mine] { return mine.done; });
  }

  static int& here() {
    static thread_local int number = -1;
    return number;
  }

 private:
  struct job {
    const std::function<void()>* fn;
    bool done = false;
  };

  static bool& leaving() {
    static thread_local bool mine = false;
    return mine;
  }
  void work(int mine) {
    here() = mine;
    std::unique_lock lock(mutex_);
    serve(lock, [] { return leaving(); });
  }
  template <class Over>
  void serve(std::unique_lock<std::mutex>& lock, Over over) {
    job* none = nullptr;
    job*& given = here() < 0 ? none : given_[here()];
    while (!over()) {
      changed_.wait(lock, [&] { return over() || given; });
      if (!given) continue;
      job& mine = *std::exchange(given, nullptr);
      lock.unlock();
      (*mine.fn)();
      lock.lock();
      mine.done = true;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  job* given_[thread_count]{};
  std::vector<std::thread> threads_;
};

// What the port can tell: the thread that runs the native loop or, for a strand, that is in one of its handlers.
struct native_state {
  thread_knowledge knowledge;
  std::atomic<int> runner{-1};
  std::function<void()> body;  // of a run
};

class told_port final : public test::bare_port {
 public:
  explicit told_port(native_state& native) : native_(native) {}
  using loop_port::ran_here;
  using loop_port::turn;

  std::string_view name() const noexcept override { return "told"; }
  bool in_loop_thread() const noexcept override {
    EXPECT_FALSE(closed_) << "a port that was closed is asked no more";
    return native_.knowledge != thread_knowledge::none && native_.runner == workers::here();
  }
  thread_knowledge knowledge() const noexcept override { return native_.knowledge; }
  void run() override { native_.body(); }
  void close(function<void()> released) noexcept override {
    closed_ = true;
    if (released) released();
  }

 private:
  native_state& native_;
  std::atomic<bool> closed_{false};
};

// The events so far, and what follows from them.
class history {
 public:
  explicit history(thread_knowledge knowledge) : knowledge_(knowledge) {}

  enum class what { made, turn_begins, turn_ends, run_begins, run_ends, closing, closed };
  void add(what happened, int thread) { events_.push_back({happened, thread}); }

  // The thread of the latest event after which that thread alone was the loop's.
  [[nodiscard]] int last() const {
    const int thread = ran();
    return thread >= 0 ? thread : events_.front().thread;
  }
  // The thread in which something ran last; -1 if nothing has run.
  [[nodiscard]] int ran() const {
    for (auto each = events_.rbegin(); each != events_.rend(); ++each)
      if (each->happened == what::turn_begins || each->happened == what::closing ||
          (each->happened == what::run_begins && knowledge_ != thread_knowledge::strand))
        return each->thread;
    return -1;
  }
  // The thread that is the loop's for certain, whatever the port says.
  [[nodiscard]] int certain() const {
    for (auto each = events_.rbegin(); each != events_.rend(); ++each) {
      if (each->happened == what::run_ends || each->happened == what::closed) return -1;
      if (each->happened == what::closing) return each->thread;
      if (each->happened == what::run_begins && knowledge_ != thread_knowledge::strand) return each->thread;
      if (each->happened == what::turn_begins && knowledge_ == thread_knowledge::none) return each->thread;
    }
    return -1;
  }
  [[nodiscard]] bool has(what wanted) const {
    for (const event& each : events_)
      if (each.happened == wanted) return true;
    return false;
  }
  // The thread that has begun this and not ended it; -1 if there is none.
  [[nodiscard]] int going_on(what begins, what ends) const {
    int depth = 0;
    for (auto each = events_.rbegin(); each != events_.rend(); ++each) {
      if (each->happened == ends) ++depth;
      if (each->happened == begins && depth-- == 0) return each->thread;
    }
    return -1;
  }

 private:
  struct event {
    what happened;
    int thread;
  };
  thread_knowledge knowledge_;
  std::vector<event> events_;
};

using what = history::what;

struct answers {
  bool may_touch = false;   // loop::in_loop_thread
  bool would_wait = false;  // loop_remote::is_here
  bool ran_here = false;    // loop_port::ran_here
  bool readable = true;     // in checked builds: whether one may look at a future
  friend bool operator==(const answers&, const answers&) = default;
};

std::string show(const answers& of) {
  return std::string(of.may_touch ? "may" : "may not") + " touch, " + (of.would_wait ? "would" : "would not") +
         " deadlock, " + (of.ran_here ? "ran" : "did not run") + " here, " + (of.readable ? "may" : "may not") +
         " look";
}

class threads_and_history {
 public:
  threads_and_history(steps& random, workers& threads, thread_knowledge knowledge)
      : random_(random), threads_(threads), native_{knowledge, {}, {}}, model_(knowledge) {
    make(some_thread());
  }
  ~threads_and_history() {
    threads_.in(0, [this] {
      over_ = true;
      owner_.reset();
      read_.reset();
    });
  }

  void step() {
    const int thread = some_thread();
    const int kind = random_.choose(100);
    if (is_closed()) return make(thread);
    if (kind < 40) return turn(thread);
    if (kind < 65) return run(thread);
    if (kind < 80) return handler(thread, [this] { ask(); });
    if (kind < 83) return fork(thread);
    if (kind < 90) return close(thread);
    ask();
  }

  [[nodiscard]] const std::string& differs() const noexcept { return differs_; }

 private:
  int some_thread() { return random_.choose(thread_count); }
  bool is_closed() const { return model_.has(what::closing); }
  void note(const std::string& step, int thread) { random_.note(step + " in " + std::to_string(thread)); }

  void make(int thread) {
    note("make", thread);
    threads_.in(thread, [&] {
      owner_.reset();
      read_.reset();
      model_ = history(native_.knowledge);
      model_.add(what::made, thread);
      auto port = std::make_unique<told_port>(native_);
      port_ = port.get();
      owner_.emplace(std::move(port));
      (*owner_)->set_exception_handler([](std::string_view, const failure&) {});
      remote_.emplace((*owner_)->remote());
      read_ = api(**owner_).create_future<int>();
    });
    ask();
  }

  // The native loop runs one of its own handlers in this thread, which is on the strand if there is one.
  void handler(int thread, const std::function<void()>& fn) {
    note("native handler", thread);
    threads_.in(thread, [&] {
      const int outer = native_.runner.exchange(thread);
      fn();
      native_.runner = outer;
    });
  }

  void turn(int thread) {
    handler(thread, [this, thread] {
      note("turn", thread);
      (*owner_)->post([this, thread] {
        model_.add(what::turn_begins, thread);
        ask();
        const int inner = random_.choose(10);
        if (inner < 2) nested_turn(thread);
        if (inner == 2) close(thread);
        ask();
      });
      const bool begins = !is_closed();
      port_->turn();
      if (begins) model_.add(what::turn_ends, thread);
      ask();
    });
  }
  void nested_turn(int thread) {
    note("nested turn", thread);
    (*owner_)->post([this, thread] {
      model_.add(what::turn_begins, thread);
      ask();
      if (random_.chance(20)) close(thread);
    });
    port_->turn();
    model_.add(what::turn_ends, thread);
  }

  void run(int thread) {
    if (!expected(thread).may_touch) return;  // a checked build refuses that
    note("run", thread);
    threads_.in(thread, [&] {
      native_.body = [this, thread] {
        model_.add(what::run_begins, thread);
        // On a strand, the thread that runs the context is not in one of its handlers now.
        const bool strand = native_.knowledge == thread_knowledge::strand;
        const int outer = native_.runner.exchange(strand ? -1 : thread);
        ask();
        for (int left = random_.choose(3); left > 0 && !is_closed(); --left) turn(strand ? some_thread() : thread);
        if (random_.chance(10) && !is_closed()) handler(thread, [&] { close(thread); });
        ask();
        native_.runner = outer;
      };
      (*owner_)->run();
      model_.add(what::run_ends, thread);
      ask();
    });
  }

  // An object of the loop that asks when it is destroyed.
  struct asks_at_last {
    threads_and_history* whose;
    explicit asks_at_last(threads_and_history* of) : whose(of) {}
    asks_at_last(asks_at_last&& other) noexcept : whose(std::exchange(other.whose, nullptr)) {}
    asks_at_last& operator=(asks_at_last&&) = delete;
    ~asks_at_last() {
      if (whose && !whose->over_) whose->ask();
    }
    void operator()() { whose = nullptr; }
  };

  void close(int thread) {
    note("close", thread);
    threads_.in(thread, [&] {
      (*owner_)->post(asks_at_last(this));
      model_.add(what::closing, thread);
      (*owner_)->close();
      model_.add(what::closed, thread);
    });
    ask();
  }

  answers real() {
    answers of;
    of.may_touch = (*owner_)->in_loop_thread();
    of.would_wait = remote_->is_here();
    of.ran_here = port_->ran_here();
    try {
      static_cast<void>(is_called(*read_));
    } catch (const wrong_thread&) {
      of.readable = false;
    }
    return of;
  }
  answers expected(int thread) const {
    const bool says = !is_closed() && native_.knowledge != thread_knowledge::none && native_.runner == thread;
    const int turns = model_.going_on(what::turn_begins, what::turn_ends);
    const int runs = model_.going_on(what::run_begins, what::run_ends);
    const int certain = model_.certain();
    answers of;
    of.ran_here = certain == thread;
    of.may_touch = model_.last() == thread || says;
    of.would_wait = turns == thread || (certain >= 0 ? certain == thread : says);
#if INTERLOOP_CHECKED
    const auto is_another = [thread](int runner) { return runner >= 0 && runner != thread; };
    of.readable = model_.has(what::closed) || of.may_touch || !(is_another(turns) || is_another(runs));
#else
    static_cast<void>(runs);
#endif
    return of;
  }

  void ask() {
    for (int i = 0; i < thread_count; ++i) threads_.in(i, [&] { compare(i, "", expected(i), real()); });
  }
  void compare(int thread, const char* where, const answers& model, const answers& found) {
    if (model == found || !differs_.empty()) return;
    differs_ = "thread " + std::to_string(thread) + where + ": " + show(found) + "; the model says: " + show(model);
    random_.note("differs");
  }

  // The child has one thread, which knows the same as before.
  void fork(int thread) {
    note("fork", thread);
    threads_.in(thread, [&] {
      const pid_t child = ::fork();
      if (child == 0) {
        const answers found = real();
        ::_exit((found.may_touch ? 1 : 0) | (found.would_wait ? 2 : 0) | (found.ran_here ? 4 : 0) |
                (found.readable ? 8 : 0) | (remote_->inherited() ? 16 : 0));
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      const int told = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      compare(thread, " of a child", expected(thread),
              {(told & 1) != 0, (told & 2) != 0, (told & 4) != 0, (told & 8) != 0});
      if (told < 16 && differs_.empty()) differs_ = "a child does not know that it is one";
    });
  }

  steps& random_;
  workers& threads_;
  native_state native_;
  history model_;
  std::string differs_;
  bool over_ = false;
  told_port* port_ = nullptr;
  std::optional<loop_owner> owner_;
  std::optional<loop_remote> remote_;
  std::optional<future<int>> read_;
};

class loop_thread_model_test : public ::testing::TestWithParam<thread_knowledge> {};

TEST_P(loop_thread_model_test, every_thread_gets_the_models_answers) {
  workers threads;
  const auto run = [&](steps& random, int count) -> std::string {
    threads_and_history both(random, threads, GetParam());
    for (int i = 0; i < count && both.differs().empty(); ++i) both.step();
    return both.differs();
  };
  try_seeds(run, 25);
}

std::string name_of(thread_knowledge of) {
  return of == thread_knowledge::none ? "none" : of == thread_knowledge::exact ? "exact" : "strand";
}

INSTANTIATE_TEST_SUITE_P(Knowledge, loop_thread_model_test,
                         ::testing::Values(thread_knowledge::none, thread_knowledge::exact, thread_knowledge::strand),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace interloop::test
