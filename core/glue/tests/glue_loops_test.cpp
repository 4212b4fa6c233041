// SPDX-License-Identifier: MIT
// On every loop, glue keeps up with what C libraries do: descriptors that are replaced under one number, several parties
// on one descriptor, descriptors that are quiet, hooks that come from other threads, and ends at any moment.
#include <interloop/glue.hpp>
#include <interloop/interloop.hpp>

#include "fake_library.hpp"
#include "support/counted.hpp"
#include "support/loop_test.hpp"
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace interloop::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class glue_loops_test : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { keep_reports(core(), reports_); }
  void TearDown() override {
    EXPECT_THAT(reports_, IsEmpty());
    native_.reset();
    EXPECT_EQ(counted::alive(), alive_before_);
  }
  [[nodiscard]] loop& core() const { return native_->core(); }
  template <class Done>
  void until(Done done) const {
    run_until(core(), done);
  }
  void some_turns() const {
    int turns = 0;
    until([&] { return ++turns >= 5; });
  }

  /// As when a library frees its handle in a callback of its own.
  static void it_is_gone(std::unique_ptr<std::optional<glue>>& owner, connection& line) {
    line.close();
    owner.reset();
  }

  std::vector<std::string> reports_;

 private:
  const int alive_before_ = counted::alive();
  std::unique_ptr<native_loop> native_ = make_loop(GetParam());
};

enum class style {
  asked,          // libpq, mosquitto, sd-bus
  told,           // libcurl, c-ares, hiredis: the old one is forgotten before the close
  told_late,      // libcurl while connecting: after the close
  told_new_only,  // nats.c: only of the new one
};

TEST_P(glue_loops_test, a_library_may_connect_again_with_the_same_number_inside_a_call) {
  for (const style how : {style::asked, style::told, style::told_late, style::told_new_only}) {
    for (const interest wanted : {interest::read, interest::read_write}) {
      connection line;
      std::string got;
      glue_hooks hooks;
      std::optional<glue> it;
      hooks.ready = [&](int fd, interest, void*) {
        EXPECT_EQ(fd, line.near());
        const std::optional<char> byte = line.read();
        if (!byte) return;
        got += *byte;
        if (*byte != 'r') return;
        if (how == style::told) it->forget(fd);
        line.reconnect();
        if (how == style::told_late) it->forget(fd);
        if (how != style::asked) it->want(line.near(), wanted);
      };
      if (how == style::asked) hooks.ask = [&] { it->want(line.near(), wanted); };
      it.emplace(core(), std::move(hooks));
      it->call([&] {
        if (how != style::asked) it->want(line.near(), wanted);
      });
      for (int round = 0; round < 3; ++round) {
        line.serve('r');
        until([&] { return got.ends_with('r'); });
        line.serve('x');
        until([&] { return got.ends_with('x'); });
      }
    }
  }
}

TEST_P(glue_loops_test, a_library_may_connect_again_outside_its_hooks) {
  for (const style how : {style::asked, style::told_new_only}) {
    connection line;
    std::string got;
    glue_hooks hooks;
    std::optional<glue> it;
    hooks.ready = [&](int, interest, void*) { got += line.read().value_or('-'); };
    if (how == style::asked) hooks.ask = [&] { it->want(line.near(), interest::read); };
    it.emplace(core(), std::move(hooks));
    const auto connect = [&] {
      if (how != style::asked) it->want(line.near(), interest::read);
    };
    it->call(connect);
    for (int round = 0; round < 3; ++round) {
      line.serve('x');
      until([&] { return got.ends_with('x'); });
      got.clear();
      core().call_soon([&] {
        it->call([&] {
          line.reconnect();
          connect();
        });
      });
      some_turns();
    }
    it->call([&] {
      const int number = line.near();
      line.close();
      it->forget(number);
    });
    some_turns();
  }
}

TEST_P(glue_loops_test, the_second_host_is_connected_with_the_number_of_the_first) {
  connection line;
  int attempts = 0;
  std::optional<char> answer;
  std::optional<glue> it;
  it.emplace(core(),
             glue_hooks{.ready =
                            [&](int, interest ready, void*) {
                              if (has(ready, interest::write) && attempts < 3) {
                                if (++attempts < 3) return line.reconnect();  // refused: it tries the next one
                                return;
                              }
                              if (has(ready, interest::read)) answer = line.read();
                            },
                        .ask = [&] { it->want(line.near(), attempts < 3 ? interest::write : interest::read); }});
  it->recheck();
  until([&] { return attempts == 3; });
  line.serve('a');
  until([&] { return answer.has_value(); });
  EXPECT_EQ(answer, 'a');
}

TEST_P(glue_loops_test, two_parties_may_watch_one_descriptor) {
  connection line;
  int reader = 0;
  int writer = 0;
  std::vector<std::string> log;
  std::optional<glue> it;
  it.emplace(core(), glue_hooks{.ready = [&](int fd, interest ready, void* party) {
               if (party == &reader) {
                 EXPECT_EQ(ready, interest::read);
                 log.push_back("read " + std::string(1, line.read().value_or('-')));
               } else {
                 EXPECT_EQ(ready, interest::write);
                 EXPECT_EQ(party, &writer);
                 log.emplace_back("write");
                 it->want(fd, interest::none, party);
               }
             }});
  it->call([&] {
    it->want(line.near(), interest::read, &reader);
    it->want(line.near(), interest::none, &writer);
  });
  some_turns();
  EXPECT_THAT(log, IsEmpty());
  line.serve('1');
  until([&] { return log.size() == 1; });
  it->call([&] { it->want(line.near(), interest::write, &writer); });
  until([&] { return log.size() == 2; });
  some_turns();
  line.serve('2');
  until([&] { return log.size() == 3; });
  it->call([&] { it->forget(line.near(), &writer); });
  line.serve('3');
  until([&] { return log.size() == 4; });
  EXPECT_THAT(log, ElementsAre("read 1", "write", "read 2", "read 3"));
}

TEST_P(glue_loops_test, a_party_that_another_forgets_is_not_called) {
  connection line;
  int one = 0;
  int two = 0;
  int calls = 0;
  std::optional<glue> it;
  it.emplace(core(), glue_hooks{.ready = [&](int fd, interest, void* party) {
               ++calls;
               it->forget(fd, party == &one ? &two : &one);
               it->forget(fd, party);
             }});
  it->want(line.near(), interest::write, &one);
  it->want(line.near(), interest::write, &two);
  until([&] { return calls > 0; });
  some_turns();
  EXPECT_EQ(calls, 1);
}

// The descriptor says once that the queue is not empty any more, and a send inside takes the signal, too.
TEST_P(glue_loops_test, a_quiet_descriptor_is_drained_and_other_handlers_have_their_turn) {
  struct quiet {
    int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int inside = 0;
    ~quiet() { ::close(fd); }
    void arrive(int count) {
      if (inside == 0) static_cast<void>(::eventfd_write(fd, 1));
      inside += count;
    }
    void clear() const {
      eventfd_t value = 0;
      static_cast<void>(::eventfd_read(fd, &value));
    }
  } library;
  constexpr int many = 3000;
  int taken = 0;
  std::optional<glue> it;
  it.emplace(core(), glue_hooks{.ready = [&](int, interest, void*) { library.clear(); },
                                .drain =
                                    [&] {
                                      if (library.inside == 0) return false;
                                      --library.inside;
                                      ++taken;
                                      return true;
                                    },
                                .drain_budget = 10});
  library.arrive(3);
  library.clear();  // before the glue knows it
  it->call([&] { it->want(library.fd, interest::read); });
  EXPECT_EQ(taken, 0) << "nothing is handled inside the call";
  until([&] { return taken == 3; });

  connection beside;
  std::optional<int> taken_before;
  const fd_watch other = core().watch(beside.near(), interest::read, [&](interest) {
    if (beside.read() && !taken_before) taken_before = taken;
  });
  library.arrive(many);
  beside.serve('x');
  until([&] { return taken == 3 + many && taken_before; });
  EXPECT_LT(*taken_before, many / 2) << "the other descriptor waited for the whole queue";

  taken = 0;
  it->call([&] {  // a send
    library.arrive(2);
    library.clear();
  });
  until([&] { return taken == 2; });
}

TEST_P(glue_loops_test, deadlines_may_be_relative_or_absolute_on_either_clock) {
  std::vector<int> expired;
  int next = 0;
  bool inside = false;
  std::optional<glue> it;
  it.emplace(core(), glue_hooks{.expired = [&] {
               EXPECT_FALSE(inside);
               inside = true;
               expired.push_back(next);
               if (next == 1) it->deadline_at(std::chrono::steady_clock::now() + 1ms);
               if (next == 2) it->deadline_at(std::chrono::system_clock::now() + 1ms);
               if (next == 3) it->deadline_at(std::chrono::system_clock::now() - 1h);
               if (next == 4) it->deadline_at((std::chrono::steady_clock::time_point::min)());
               if (next == 5) {
                 it->deadline_in(0ns);
                 it->no_deadline();
                 it->deadline_in(1h);
                 it->deadline_in(-1ms);
               }
               ++next;
               inside = false;
             }});
  it->call([&] { it->deadline_in(1ms); });
  EXPECT_THAT(expired, IsEmpty());
  until([&] { return next == 1; });
  it->deadline_in(0ns);
  EXPECT_EQ(next, 1) << "never inside the call";
  until([&] { return next == 7; });
  some_turns();
  EXPECT_THAT(expired, ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

// A library whose own threads say what it waits for, in order; and some of it comes when everything is over.
TEST_P(glue_loops_test, hooks_may_come_from_other_threads) {
  connection line;
  std::atomic<int> got{0};
  std::atomic<bool> over{false};
  std::optional<glue> it;
  it.emplace(core(), glue_hooks{.ready = [&](int, interest ready, void*) {
               if (has(ready, interest::read) && line.read()) ++got;
               if (has(ready, interest::write)) it->want(line.near(), interest::read);
             }});
  {
    const loop_hold hold = core().hold();
    std::thread library([&] {
      for (int i = 0; i < 100; ++i) {
        it->want(line.near(), interest::read);
        it->want(line.near(), interest::read_write);
        it->deadline_in(1h);
        it->forget(line.near());
        it->no_deadline();
      }
      it->want(line.near(), interest::read);
      line.serve('x');
      over = true;
    });
    until([&] { return over.load() && got.load() == 1; });
    library.join();
  }
  const glue_remote remote = it->remote();
  int posted = 0;
  std::thread([&] {
    EXPECT_TRUE(remote.post([&](glue& to) {
      ++posted;
      to.call([&] { to.want(line.near(), interest::read); });
    }));
  }).join();
  until([&] { return posted == 1; });
  std::thread([&] { EXPECT_TRUE(remote.post([held = counted(), &posted](glue&) { ++posted; })); }).join();
  it.reset();
  some_turns();
  EXPECT_EQ(posted, 1) << "a glue that is gone gets nothing";
  core().close();
  EXPECT_FALSE(remote.post([held = counted()](glue&) {}));
}

TEST_P(glue_loops_test, a_library_may_be_freed_in_each_of_its_hooks) {
  for (const std::string where : {"ready", "expired", "drain", "ask", "ask_deadline", "failed", "call"}) {
    connection line;
    auto owner = std::make_unique<std::optional<glue>>();
    int calls = 0;
    const auto hook = [&](const char* name) {
      return [&, name, held = counted()]() mutable {
        if (where != name) return;
        ++calls;
        it_is_gone(owner, line);
        EXPECT_EQ(held.value, counted().value) << "the hook itself is still there";
      };
    };
    glue_hooks hooks;
    hooks.ready = [call = hook("ready")](int, interest, void*) mutable { call(); };
    hooks.expired = hook("expired");
    hooks.drain = [call = hook("drain")]() mutable { return call(), false; };
    if (where == "ask") hooks.ask = hook("ask");
    if (where == "ask_deadline") hooks.ask_deadline = hook("ask_deadline");
    hooks.failed = [call = hook("failed")](const failure&) mutable { call(); };
    owner->emplace(core(), std::move(hooks));
    glue& it = **owner;
    it.call([&] {
      it.want(line.near(), interest::read_write);
      if (where == "expired") it.deadline_in(1ms);
      if (where == "failed") it.want(1'000'000, interest::read);
      if (where == "call") {
        ++calls;
        it_is_gone(owner, line);
      }
    });
    until([&] { return calls > 0; });
    some_turns();
    EXPECT_EQ(calls, 1) << where;
  }
}

TEST_P(glue_loops_test, closing_the_loop_inside_a_hook_ends_everything) {
  connection line;
  int calls = 0;
  std::optional<glue> it;
  it.emplace(core(), glue_hooks{.ready =
                                    [&](int fd, interest, void*) {
                                      ++calls;
                                      core().close();
                                      it->want(fd, interest::read);
                                      it->deadline_in(1ms);
                                      it->forget(fd);
                                    },
                                .drain =
                                    [&] {
                                      EXPECT_EQ(calls, 0) << "the loop is closed";
                                      return false;
                                    }});
  core().call_soon([&] { it->want(line.near(), interest::write); });
  const loop_hold hold = core().hold();
  core().run();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(it->call([] { return 5; }), 5);
}

INSTANTIATE_TEST_SUITE_P(, glue_loops_test, ::testing::ValuesIn(loop_names()), [](const auto& of) { return of.param; });

}  // namespace
}  // namespace interloop::test
