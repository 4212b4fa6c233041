// SPDX-License-Identifier: MIT
// Asio: the conformance suite on each kind of executor, and what is particular to this loop.
#include "conformance.hpp"
#include "owners.hpp"
#include "support/no_descriptors.hpp"

#include <interloop/adapters/asio.hpp>
#include <interloop/interloop.hpp>

#include <sys/socket.h>
#include <unistd.h>
#include <asio.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

using strand = asio::strand<asio::io_context::executor_type>;

/// One io_context, run by the thread of the test.
class one_runner : public conformance::native_loop {
 public:
  explicit one_runner(const std::function<asio_loop(asio::io_context&)>& make) : owner_(make(native_)) {}
  ~one_runner() override { owner_.reset(); }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end) {
      if (native_.stopped()) native_.restart();
      if (native_.run_one_for(2ms) == 0) std::this_thread::yield();
    }
    return is_done;
  }
  void call_native(std::function<void()> fn) override { asio::post(native_, std::move(fn)); }

 protected:
  asio::io_context native_;
  std::optional<asio_loop> owner_;
};

/// One io_context, run by several threads while the test waits.
class several_runners final : public conformance::native_loop {
 public:
  explicit several_runners(bool own_strand) {
    if (own_strand) {
      owner_.emplace(native_);
    } else {
      given_.emplace(native_.get_executor());
      owner_.emplace(*given_);
    }
    remote_.emplace(core().remote());
  }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    if (done()) return true;
    std::atomic<bool> over = false;
    if (native_.stopped()) native_.restart();
    auto work = asio::make_work_guard(native_);
    std::vector<std::thread> runners;
    for (int i = 0; i < 3; ++i)
      runners.emplace_back([&] {
        while (!over) native_.run_one_for(2ms);
      });
    while (!over && std::chrono::steady_clock::now() < end) {
      // Asked on the strand. A loop that closes meanwhile destroys the question.
      std::atomic<bool> answered = false;
      auto ask = [&, end_of_question = std::shared_ptr<void>(nullptr, [&](void*) { answered = true; })] {
        if (done()) over = true;
      };
      try {
        if (given_) {
          asio::post(*given_, std::move(ask));
        } else {
          remote_->post(std::move(ask));
        }
      } catch (const loop_closed&) {  // nothing more is going to happen, but time may pass
        std::this_thread::sleep_for(std::min<duration>(limit, 5ms));
        break;
      }
      while (!answered) std::this_thread::sleep_for(100us);
    }
    over = true;
    for (std::thread& each : runners) each.join();
    work.reset();
    if (!owner_ || (*owner_)->closed()) {
      native_.poll();
      return done();
    }
    // The calling thread becomes the one of the last turn.
    bool turned = false;
    const auto last = std::chrono::steady_clock::now() + 5s;
    (*owner_)->post([&] { turned = true; });
    while (!turned && std::chrono::steady_clock::now() < last && !(*owner_)->closed()) {
      if (native_.stopped()) native_.restart();
      native_.run_one_for(2ms);
    }
    return done();
  }
  void call_native(std::function<void()> fn) override { asio::post(*given_, std::move(fn)); }

 private:
  asio::io_context native_;
  std::optional<strand> given_;
  std::optional<asio_loop> owner_;
  std::optional<loop_remote> remote_;
};

const std::pair<const conformance::ability, std::string> strands_do_not_nest{
    conformance::ability::nests, "a strand runs no handler inside another, so a nested run does not reach the loop"};

conformance::harness on(const char* name, std::function<asio_loop(asio::io_context&)> make, bool nests = false) {
  conformance::harness made{.name = name, .make = [make] { return std::make_unique<one_runner>(make); }};
  if (!nests) made.lacks.insert(strands_do_not_nest);
  return made;
}

const bool registered[] = {
    register_cases("AsioOwnStrand", on("asio, a strand of its own", [](auto& io) { return asio_loop(io); })),
    register_cases("AsioOneThread", on(
                                        "asio, one thread", [](auto& io) { return asio_loop(io, one_thread); }, true)),
    register_cases("AsioGivenStrand",
                   on("asio, a given strand", [](auto& io) { return asio_loop(asio::make_strand(io)); })),
    register_cases("AsioAnyExecutor", on("asio, any_io_executor",
                                         [](auto& io) { return asio_loop(asio::any_io_executor(io.get_executor())); })),
    register_cases("AsioThreadsGivenStrand", {.name = "asio, several threads, a given strand",
                                              .make = [] { return std::make_unique<several_runners>(false); },
                                              .lacks = {strands_do_not_nest}}),
    register_cases("AsioThreadsOwnStrand",
                   {.name = "asio, several threads, a strand of its own",
                    .make = [] { return std::make_unique<several_runners>(true); },
                    .lacks = {strands_do_not_nest,
                              {conformance::ability::calls_natively,
                               "a handler of the io_context runs in any thread, beside the loop's strand"}}}),
};

// Everything that a loop can have pending, and how often any of it ran.
struct pending_things {
  int fds[2];
  int ran = 0;
  fd_watch watching;
  timer timing;
  loop_hold held;
  future<int> comes;

  explicit pending_things(loop& core) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    EXPECT_EQ(::write(fds[1], "x", 1), 1);
    watching = core.watch(fds[0], interest::read_write, [this](interest) { ++ran; });
    timing = core.call_later(0ms, [this] { ++ran; });
    held = core.hold();
    comes = with_config(core).create_future<int>();
    add_callbacks(comes, [this](int) { ++ran; });
    core.call_soon([this] { ++ran; });
    core.remote().post([this] { ++ran; });
  }
  ~pending_things() {
    for (const int fd : fds) ::close(fd);
  }
};

TEST(AsioTest, AContextThatIsDestroyedFirstClosesItsLoops) {
  auto native = std::make_unique<asio::io_context>();
  asio_loop one(*native);
  asio_loop two(*native, one_thread);
  pending_things first(*one);
  pending_things second(*two);
  native->poll_one();
  first.ran = second.ran = 0;
  native.reset();
  for (asio_loop* each : {&one, &two}) {
    EXPECT_TRUE((*each)->closed());
    EXPECT_THROW((*each)->call_soon([] {}), loop_closed);
    EXPECT_THROW((*each)->post([] {}), loop_closed);
  }
  EXPECT_EQ(first.ran + second.ran, 0);
  EXPECT_TRUE(first.comes.get_failure()->is<loop_closed>());
  EXPECT_FALSE(second.watching.active() || second.timing.active());
}

TEST(AsioTest, ALoopThatIsDestroyedFirstLeavesTheContextToTheUser) {
  asio::io_context native;
  int handled = 0;
  asio::steady_timer timer(native, 2ms);
  timer.async_wait([&](const asio::error_code& code) {
    if (!code) ++handled;
  });
  std::optional<asio_loop> owner(std::in_place, native);
  pending_things things(**owner);
  asio::post(native, [&] { owner.reset(); });
  native.run();
  EXPECT_EQ(handled, 1);
  EXPECT_FALSE(things.watching.active());
}

TEST(AsioTest, RunOfTheUserEndsWhenInterloopIsIdle) {
  asio::io_context native;
  asio_loop owner(native);
  EXPECT_EQ(native.run(), 0U);
  native.restart();
  int ran = 0;
  owner->call_later(1ms, [&] { owner->call_soon([&] { ++ran; }); });
  native.run();
  EXPECT_EQ(ran, 1);
}

TEST(AsioTest, CallbacksOfSeveralThreadsNeverOverlap) {
  asio::io_context native;
  asio_loop owner(native);
  std::atomic<int> inside = 0;
  std::atomic<int> overlaps = 0;
  int ran = 0;  // not atomic: the strand orders it
  const auto callback = [&] {
    if (inside.fetch_add(1) != 0) ++overlaps;
    ++ran;
    std::this_thread::yield();
    inside.fetch_sub(1);
  };
  std::vector<std::thread> posters;
  auto work = asio::make_work_guard(native);
  for (int i = 0; i < 3; ++i)
    posters.emplace_back([&, remote = owner->remote()] {
      for (int each = 0; each < 500; ++each) remote.post(callback);
    });
  for (int i = 0; i < 50; ++i) owner->call_later(i % 5 * 1ms, callback);
  std::vector<std::thread> runners;
  for (int i = 0; i < 3; ++i) runners.emplace_back([&] { native.run(); });
  for (std::thread& each : posters) each.join();
  work.reset();
  for (std::thread& each : runners) each.join();
  native.restart();
  native.run();  // what was posted after the last thread ran out of work
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(ran, 1550);
}

TEST(AsioTest, ADescriptorThatAnotherObjectOfTheContextHasIsRefused) {
  asio::io_context native;
  asio_loop one(native);
  asio_loop two(native);
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  {
    const fd_watch watching = one->watch(fds[0], interest::read, [](interest) {});
    EXPECT_THROW(static_cast<void>(two->watch(fds[0], interest::read, [](interest) {})), usage_error);
    EXPECT_TRUE(watching.active());
  }
  EXPECT_NO_THROW(static_cast<void>(two->watch(fds[0], interest::read, [](interest) {})));
  for (const int fd : fds) ::close(fd);
}

TEST(AsioTest, PollInsideACallbackServesALoopOfOneThread) {
  asio::io_context native;
  asio_loop owner(native, one_thread);
  std::vector<int> order;
  owner->call_soon([&] {
    order.push_back(0);
    owner->call_soon([&] { order.push_back(2); });
    while (order.size() < 3) native.poll();
    order.push_back(3);
  });
  owner->call_soon([&] { order.push_back(1); });
  native.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(AsioTest, AThreadPoolServes) {
  asio::thread_pool native(2);
  asio_loop owner(native.get_executor());
  std::atomic<int> ran = 0;
  const loop_remote remote = owner->remote();
  for (int i = 0; i < 100; ++i) remote.post([&] { ++ran; });
  remote.post([&] { owner->close(); });  // the owner goes when no thread is in it any more
  native.join();
  EXPECT_EQ(ran, 100);
}

TEST(AsioTest, AnyExecutorOfAStrandServes) {
  asio::io_context native;
  asio_loop owner(asio::any_io_executor(asio::make_strand(native)));
  int ran = 0;
  owner->call_later(1ms, [&] { ++ran; });
  native.run();
  EXPECT_EQ(ran, 1);
  EXPECT_THROW(owner->run(), usage_error) << "what is inside of an any_io_executor is not known to be an io_context";
}

TEST(AsioTest, AHandlerOfTheGivenStrandMayTouchTheLoop) {
  asio::io_context native;
  const auto given = asio::make_strand(native);
  asio_loop owner(given);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 20; ++i)
    asio::post(given, [&] {
      EXPECT_TRUE(owner->in_loop_thread());
      owner->call_soon([&] { ++ran; });
    });
  std::vector<std::thread> runners;
  for (int i = 0; i < 3; ++i) runners.emplace_back([&] { native.run(); });
  for (std::thread& each : runners) each.join();
  EXPECT_EQ(ran, 20);
}

TEST(AsioTest, SelectingTwiceIsAllowedForTheSameContextOnly) {
  asio::io_context one;
  asio::io_context two;
  loop& first = use_asio(one);
  EXPECT_TRUE(using_asio());
  EXPECT_EQ(&use_asio(one), &first);
  EXPECT_EQ(&use_asio(one.get_executor()), &first);
  EXPECT_THROW(use_asio(two), usage_error);
  first.close();
  EXPECT_FALSE(using_asio());
  use_asio(two, one_thread).close();
  config().loop = nullptr;
}

TEST(AsioTest, TimersFireWhereNoDescriptorIsLeftForThemWhichIsReportedOnce) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "UBSan opens a pipe for each type that it sees for the first time";
#endif
  asio_loop owner;
  std::vector<std::string> reports;
  owner->set_exception_handler([&](std::string_view context, const failure&) { reports.emplace_back(context); });
  int fired = 0;
  {
    const test::no_descriptors scope;
    for (int i = 1; i <= 3; ++i) owner->call_later(i * 1ms, [&] { ++fired; });
    owner->run();
  }
  EXPECT_EQ(fired, 3);
  EXPECT_EQ(reports,
            std::vector<std::string>{"the native loop's timer could not be set; it is tried again every 10 ms"});
  owner->call_later(1ms, [&] { ++fired; });
  owner->run();
  EXPECT_EQ(fired, 4) << "with descriptors";
  EXPECT_EQ(reports.size(), 1U);
}

TEST(AsioTest, ACallbackMayDestroyTheOwnerOfTheNativeLoopThatRuns) {
  owners::a_callback_may_destroy_the_owner_of_the_native_loop_that_runs<asio_loop>();
}

TEST(AsioTest, AnOwnerMayBeAssignedAnother) { owners::an_owner_may_be_assigned_another<asio_loop>(); }

}  // namespace
