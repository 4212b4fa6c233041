// SPDX-License-Identifier: MIT
// Cases about callables that other threads leave with the loop.
#include "conformance_bench.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

// Counts, across threads, what was destroyed without having run. A loop that fails a case may keep callables until after
// it, so they share the numbers.
struct thread_tally {
  std::atomic<int> ran{0};
  std::atomic<int> destroyed{0};
};
class thread_counted {
 public:
  explicit thread_counted(std::shared_ptr<thread_tally> in) noexcept : in_(std::move(in)) {}
  thread_counted(thread_counted&& other) noexcept = default;
  thread_counted& operator=(thread_counted&&) = delete;
  ~thread_counted() {
    if (in_) ++in_->destroyed;
  }
  void operator()() { ++in_->ran; }

 private:
  std::shared_ptr<thread_tally> in_;
};

}  // namespace

void add_post_cases(case_list& all) {
  all.add("a post from another thread wakes the loop and runs in its thread", [](bench& b) {
    for (int i = 0; i < 20; ++i) {
      bool ran = false;
      auto poster = b.thread([&b, &ran, remote = b.core().remote()] {
        b.post(remote, [&] {
          b.check(b.core().in_loop_thread(), "in_loop_thread() holds inside a posted callable");
          ran = true;
        });
      });
      b.until([&] { return ran; }, "a posted callable runs");
    }
  });

  all.add("posts of each of several threads keep their order", [](bench& b) {
    constexpr int threads = 4;
    constexpr int each = 2000;
    std::vector<int> next(threads);
    int ran = 0;
    std::vector<joining_thread> posters;
    for (int t = 0; t < threads; ++t)
      posters.push_back(b.thread([&, t, remote = b.core().remote()] {
        for (int i = 0; i < each; ++i)
          b.post(remote, [&, t, i] {
            b.equal(i, next[static_cast<std::size_t>(t)]++, "the number of this thread's post");
            ++ran;
          });
      }));
    b.until([&] { return ran == threads * each; }, "all posts run");
  });

  all.add("posts that came while the loop did not run are not lost", [](bench& b) {
    int ran = 0;
    auto poster = b.thread([&, remote = b.core().remote()] {
      for (int i = 0; i < 1000; ++i) b.post(remote, [&] { ++ran; });
    });
    poster.join();
    b.equal(ran, 0, "posts that ran before the loop did");
    b.until([&] { return ran == 1000; }, "all posts run");
    b.turns();
    b.equal(ran, 1000, "posts that ran");
  });

  all.add("a post from another thread during a turn is not lost", [](bench& b) {
    int ran = 0;
    const auto post_from_elsewhere = [&] {
      b.thread([&, remote = b.core().remote()] { b.post(remote, [&] { ++ran; }); }).join();
    };
    const std::string where = "; the flag by which wake() merges calls has to be cleared before turn(), not after";
    b.soon(post_from_elsewhere);
    b.until([&] { return ran == 1; }, "what was posted while a callable ran runs" + where);
    b.later(1ms, post_from_elsewhere);
    b.until([&] { return ran == 2; }, "what was posted while a timer ran runs" + where);
    auto fds = sockets();
    const auto watching = b.watch(fds.near(), interest::read, [&](interest) {
      if (fds.receive() > 0) post_from_elsewhere();
    });
    fds.send();
    b.until([&] { return ran == 3; }, "what was posted while a watch's callback ran runs" + where);
  });

  all.add("a post by the loop's own thread runs in a later turn", [](bench& b) {
    bool ran = false;
    b.post([&] { ran = true; });
    b.check(!ran, "it does not run inside the call");
    b.until([&] { return ran; }, "it runs");
    ran = false;
    bool tried = false;
    b.soon([&] {
      b.post([&] { ran = true; });
      b.check(!ran, "it does not run inside the call, in a turn");
      tried = true;
    });
    b.until([&] { return tried && ran; }, "it runs");
  });

  all.add("posts by the loop's own thread keep their order in and out of turns", [](bench& b) {
    std::vector<int> order;
    b.post([&] { order.push_back(0); });
    b.soon([&] {
      b.post([&] { order.push_back(1); });  // by a remote handle
      b.core().post([&] { order.push_back(2); });
      b.post([&] { order.push_back(3); });
      b.core().post([&] { order.push_back(4); });
    });
    b.until([&] { return order.size() == 5; }, "all posts run");
    b.equal(order, std::vector<int>{0, 1, 2, 3, 4}, "the order");
  });

  all.add("a posted callable that posts itself forever does not starve timers", [](bench& b) {
    b.needs(ability::passes_time);
    bool stopped = false;
    std::function<void()> again = [&] {
      if (!stopped) b.core().remote().post(std::ref(again));
    };
    again();
    bool rang = false;
    b.later(1ms, [&] { rang = true; });
    b.until([&] { return rang; }, "a timer fires beside an endless chain of posts");
    stopped = true;
    b.turns();
  });

  all.add("a post after the loop closed throws loop_closed and destroys the callable", [](bench& b) {
    tally count;
    const loop_remote remote = b.core().remote();
    b.close();
    b.throws<loop_closed>([&] { remote.post(counted(count)); }, "a post to a closed loop");
    b.equal(count.destroyed, 1, "times destroyed");
    b.throws<loop_closed>([&] { b.core().post(counted(count)); }, "a post by the closed loop itself");
    b.equal(count.destroyed, 2, "times destroyed");
    b.equal(count.ran, 0, "times run");
  });

  all.add("a handle for posting may outlive the loop", [](bench& b) {
    tally count;
    const loop_remote remote = b.core().remote();
    b.post(remote, counted(count));
    b.turns();
    b.equal(count.ran, 1, "posts that ran while there was a loop");
    b.destroy_native();
    b.throws<loop_closed>([&] { remote.post(counted(count)); }, "a post to a loop that is gone");
    auto stranger = b.thread([&] { b.throws<loop_closed>([&] { remote.post(counted(count)); }, "from a thread"); });
    stranger.join();
    b.equal(count.ran, 1, "posts that ran");
    b.equal(count.destroyed, 3, "times destroyed");
  });

  all.add("what threads post while the loop closes runs or is destroyed exactly once", [](bench& b) {
    const auto count = std::make_shared<thread_tally>();
    std::atomic<int> posted{0};
    std::atomic<int> refused{0};
    std::vector<joining_thread> posters;
    for (int t = 0; t < 4; ++t)
      posters.push_back(b.thread([&, remote = b.core().remote()] {
        try {
          for (int i = 0;; ++i) {
            b.post(remote, thread_counted(count));
            const bool far_ahead = ++posted - count->ran > 10'000;
            if (far_ahead) std::this_thread::sleep_for(100us);
            if (i % 16 == 0) std::this_thread::yield();
          }
        } catch (const loop_closed&) {
          ++refused;
        }
      }));
    std::string failed;
    try {
      b.until([&] { return count->ran > 1000; }, "some posts run");
    } catch (const case_failed& why) {
      failed = why.message;
    }
    b.core().close();
    for (joining_thread& each : posters) each.join();
    if (!failed.empty()) throw case_failed{failed};
    b.equal(refused.load(), 4, "threads that were told of the closing");
    b.equal(count->destroyed.load(), posted.load() + 4, "callables destroyed, those that were refused included");
    b.check(count->ran <= posted, "nothing runs twice");
  });
}

}  // namespace interloop::testing::conformance
