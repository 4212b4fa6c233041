// SPDX-License-Identifier: MIT
// Calls over sd-bus, and a timer of sd-event's, as futures. Two ends of a connection without a bus between them are
// attached to one sd_event.
#include <interloop/adapters/sd_event.hpp>
#include <interloop/c_callback.hpp>
#include <interloop/interloop.hpp>

#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <memory>
#include <system_error>

namespace {

// [call]
interloop::future<int> twice(interloop::loop& loop, sd_bus* bus, int number) {
  auto [answer, callback, data] =
      interloop::c_callback<sd_bus_message_handler_t>(loop, [](sd_bus_message* reply, sd_bus_error*) {
        int value = 0;
        int code = -sd_bus_message_get_errno(reply);  // 0 unless it is an error
        if (code == 0) code = sd_bus_message_read(reply, "i", &value);
        if (code < 0) throw std::system_error(-code, std::generic_category());
        return value;
      });
  const int code =
      sd_bus_call_method_async(bus, nullptr, nullptr, "/", "test.Arithmetic", "Twice", callback, data, "i", number);
  if (code < 0) data.reject(std::system_error(-code, std::generic_category()));
  return answer;
}
// [/call]

using namespace interloop;

struct unref {
  void operator()(sd_event* of) const { sd_event_unref(of); }
  void operator()(sd_bus* of) const { sd_bus_close_unref(of); }
};
using bus = std::unique_ptr<sd_bus, unref>;

class sd_event_c_callback_test : public ::testing::Test {
 protected:
  sd_event_c_callback_test() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    sd_id128_t id;
    sd_id128_randomize(&id);
    const auto start = [&](int fd, bool serves) {
      sd_bus* made = nullptr;
      sd_bus_new(&made);
      sd_bus_set_fd(made, fd, fd);
      if (serves) sd_bus_set_server(made, 1, id);
      sd_bus_set_anonymous(made, 1);
      EXPECT_GE(sd_bus_start(made), 0);
      EXPECT_GE(sd_bus_attach_event(made, native.get(), SD_EVENT_PRIORITY_NORMAL), 0);
      return bus(made);
    };
    server = start(fds[0], true);
    client = start(fds[1], false);
    sd_bus_add_filter(server.get(), nullptr, &serve, this);
  }

  static int serve(sd_bus_message* message, void* self, sd_bus_error*) {
    if (!sd_bus_message_is_method_call(message, "test.Arithmetic", "Twice")) return 0;
    auto& test = *static_cast<sd_event_c_callback_test*>(self);
    ++test.asked;
    if (test.silent) return 1;
    int number = 0;
    sd_bus_message_read(message, "i", &number);
    if (number < 0) {
      sd_bus_reply_method_errno(message, ERANGE, nullptr);
    } else {
      sd_bus_reply_method_return(message, "i", 2 * number);
    }
    return 1;
  }
  template <class Done>
  void run_until(Done done) {
    while (!done()) ASSERT_GE(sd_event_run(native.get(), UINT64_MAX), 0);
  }
  static sd_event* make() {
    sd_event* made = nullptr;
    sd_event_new(&made);
    return made;
  }

  std::unique_ptr<sd_event, unref> native{make()};
  interloop::sd_event_loop owner{native.get()};
  bus server;
  bus client;
  bool silent = false;
  int asked = 0;
};

TEST_F(sd_event_c_callback_test, an_answer_over_the_bus_completes_its_future) {
  const auto answer = twice(*owner, client.get(), 21);
  const auto failed = twice(*owner, client.get(), -1);
  run_until([&] { return is_called(answer) && is_called(failed); });
  EXPECT_EQ(answer.value(), 42);
  EXPECT_TRUE(failed.get_failure()->is<std::system_error>());
}

TEST_F(sd_event_c_callback_test, a_call_whose_peer_goes_fails) {
  silent = true;
  const auto pending = twice(*owner, client.get(), 21);
  run_until([&] { return asked > 0; });
  server.reset();
  run_until([&] { return is_called(pending); });
  EXPECT_TRUE(pending.get_failure()->is<std::system_error>());
}

TEST_F(sd_event_c_callback_test, an_answer_may_come_after_the_loop_was_closed) {
  const auto pending = twice(*owner, client.get(), 21);
  owner->close();
  EXPECT_TRUE(pending.get_failure()->is<loop_closed>());
  run_until([&] { return asked > 0; });
  while (sd_event_run(native.get(), 0) > 0) continue;
}

TEST_F(sd_event_c_callback_test, a_timer_of_sd_event_completes_its_future) {
  auto [rang, callback, data] =
      c_callback<sd_event_time_handler_t>(*owner, [](sd_event_source*, std::uint64_t when) { return when; });
  std::uint64_t now = 0;
  sd_event_now(native.get(), CLOCK_MONOTONIC, &now);
  ASSERT_GE(sd_event_add_time(native.get(), nullptr, CLOCK_MONOTONIC, now + 1000, 1, callback, data), 0);
  run_until([&of = rang] { return is_called(of); });
  EXPECT_EQ(rang.value(), now + 1000);
}

}  // namespace
