// SPDX-License-Identifier: MIT
// Every allocation of a session's life fails once: a call throws, or its future is completed, or the session ends; nothing
// hangs, and nothing is left.
#include "played_router.hpp"

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>

#include "support/failing_new.hpp"

#include <gtest/gtest.h>
#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace {

using namespace interloop;
using namespace wamp_test;
using namespace std::chrono_literals;

/// What a router says that does not wait for its turn, so that only the session allocates while one fails.
struct script {
  std::string welcome;
  std::string registered;
  std::string subscribed;
  std::string result;
  std::string failed;
  std::string invocation;
  std::string event;
  std::string goodbye;
};

std::string encoded(std::string_view text) {
  writer to(serializer::msgpack);
  codec<value>::write(to, from_json(text));
  return std::string(to.view());
}

class silent_transport final : public transport {
 public:
  explicit silent_transport(transport_listener*& to) : to_(to) {}
  ~silent_transport() override { to_ = nullptr; }
  serializer format() const noexcept override { return serializer::msgpack; }
  void send(std::string_view) override {}
  std::size_t unsent() const noexcept override { return 0; }
  std::size_t largest() const noexcept override { return 1000; }
  void close() noexcept override {}
  void listen(transport_listener& to) override { to_ = &to; }

 private:
  transport_listener*& to_;
};

/// Everything that a session does; what throws is what was to fail.
struct visit {
  api async;
  const script& says;
  transport_listener* to = nullptr;
  future<session> joining;
  future<registration> registering;
  future<subscription> subscribing;
  future<std::string> calling;
  future<std::string> erring;
  future<leave_details> leaving;
  int heard = 0;

  void say(const std::string& bytes) const {
    if (to) to->on_message(bytes);
  }
  void run(interloop::testing::manual_loop& loop) {
    joining = join_by(async, std::make_unique<silent_transport>(to), {});
    say(says.welcome);
    loop.run_ready();
    if (!is_called(joining) || joining.get_failure()) return;
    const session made = joining.value();
    registering = made.register_("com.a", [](const std::string& text) -> future<std::string> {
      co_await interloop::sleep(1ms);
      co_return text;
    });
    subscribing = made.subscribe(
        "com.t", [this](const event& about, const std::string&) { heard += about.kwargs().empty() ? 1 : 2; });
    calling = made.call<std::string>(call_options().timeout(1s).kwarg("k", 1), "com.b", std::string(100, 'x'));
    erring = made.call<std::string>("com.b", 1);
    for (const std::string* each :
         {&says.registered, &says.subscribed, &says.result, &says.failed, &says.invocation, &says.event})
      say(*each);
    loop.advance(2ms);
    leaving = made.leave();
    say(says.goodbye);
    loop.run_ready();
  }
};

TEST(wamp_memory, each_allocation_may_fail_and_nothing_waits_or_is_left) {
  const script says = {
      encoded(R"([2,7,{"authid":"joe"}])"),
      encoded("[65,1,11]"),
      encoded("[33,2,5]"),
      encoded(R"([50,3,{},["a text that is too long to be stored without an allocation"]])"),
      encoded(
          R"([8,48,4,{},"com.error.with.a.long.name.that.is.allocated",["a text that is too long to be stored inside"]])"),
      encoded(R"([68,100,11,{},["a text that is too long to be stored without an allocation"]])"),
      encoded(R"([36,5,1,{},["a text that is too long to be stored without an allocation"],{"a":1}])"),
      encoded(R"([6,{},"wamp.close.normal"])"),
  };
  bool reached = true;
  long number = 0;
  int whole = 0;
  while (reached) {
    ++number;
    ASSERT_LT(number, 2000);
    SCOPED_TRACE("allocation " + std::to_string(number));
    interloop::testing::manual_loop loop;
    loop->set_exception_handler([](std::string_view, const failure&) {});
    const auto replaced = interloop::testing::replace_loop(*loop);
    {
      visit one{api(*loop), says, nullptr, {}, {}, {}, {}, {}, {}, 0};
      {
        const interloop::test::failing_new failing(number);
        try {
          one.run(loop);
        } catch (const std::bad_alloc&) {
        }
        reached = interloop::test::failing_new::failed();
      }
      one.joining = {};  // the last handle, if it is still there
      loop.advance(20s);
      const auto over = [](const auto& f) {
        return !f || (is_called(f) && (static_cast<void>(f.get_failure()), true));
      };
      EXPECT_TRUE(over(one.registering));
      EXPECT_TRUE(over(one.subscribing));
      EXPECT_TRUE(over(one.calling));
      EXPECT_TRUE(over(one.erring));
      EXPECT_TRUE(over(one.leaving));
      EXPECT_EQ(one.to, nullptr);
      if (!reached) {
        EXPECT_EQ(one.heard, 2);
        EXPECT_EQ(one.calling.value().size(), 58U);
        ++whole;
      }
    }
  }
  EXPECT_EQ(whole, 1);
  EXPECT_GT(number, 50);
}

}  // namespace
