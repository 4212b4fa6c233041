// SPDX-License-Identifier: MIT
// libevent's calls that call back once, as futures: its resolver, against a server of its own, and event_base_once.
#include "native_event.hpp"

#include <interloop/adapters/libevent.hpp>
#include <interloop/c_callback.hpp>
#include <interloop/interloop.hpp>

#include <arpa/inet.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>

namespace {

// [lookup]
/// The callback's data is its last parameter: void (*)(int, char, int, int, void* addresses, void* data).
auto lookup(interloop::loop& loop, evdns_base* dns) {
  const auto running = std::make_shared<evdns_request*>();
  const auto convert = [](int result, char, int count, int, void* addresses) {
    if (result != DNS_ERR_NONE || count == 0) throw std::runtime_error(evdns_err_to_string(result));
    char text[INET_ADDRSTRLEN];
    return std::string(::inet_ntop(AF_INET, addresses, text, sizeof text));
  };
  const auto cancel = [dns, running] { evdns_cancel_request(dns, *running); };
  return std::pair(interloop::c_callback<evdns_callback_type, 5>(loop, convert, cancel), running);
}

interloop::future<std::string> address_of(interloop::loop& loop, evdns_base* dns, const char* host) {
  auto [operation, running] = lookup(loop, dns);
  auto& [address, callback, data] = operation;
  *running = evdns_base_resolve_ipv4(dns, host, DNS_QUERY_NO_SEARCH, callback, data);
  if (!*running) data.reject(std::runtime_error("libevent cannot look this up"));
  return address;
}
// [/lookup]

using namespace interloop;
using namespace std::chrono_literals;

class libevent_c_callback_test : public ::testing::Test {
 protected:
  libevent_c_callback_test() {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    server = evdns_add_server_port_with_base(base.get(), fd, 0, &answer, this);  // closes the socket
    evdns_base_nameserver_sockaddr_add(dns, reinterpret_cast<sockaddr*>(&address), size, 0);
  }
  ~libevent_c_callback_test() override {
    if (dns) evdns_base_free(dns, 0);
    evdns_close_server_port(server);
    event_base_loop(base.get(), EVLOOP_NONBLOCK);  // libevent releases some of it there
  }

  static void answer(evdns_server_request* request, void* self) {
    auto& test = *static_cast<libevent_c_callback_test*>(self);
    ++test.asked;
    if (test.silent) {
      evdns_server_request_drop(request);
      return;
    }
    const std::uint32_t address = htonl(0x0a000001);
    evdns_server_request_add_a_reply(request, request->questions[0]->name, 1, &address, 60);
    evdns_server_request_respond(request, 0);
  }
  template <class Done>
  void run_until(Done done) {
    while (!done()) event_base_loop(base.get(), EVLOOP_ONCE);
  }

  libevent_test::base_ptr base = libevent_test::make_base();
  evdns_base* dns = evdns_base_new(base.get(), 0);
  evdns_server_port* server = nullptr;
  bool silent = false;
  int asked = 0;
  libevent_loop owner{base.get()};
};

TEST_F(libevent_c_callback_test, an_answer_of_the_resolver_completes_its_future) {
  const auto address = address_of(*owner, dns, "example.test");
  run_until([&] { return is_called(address); });
  EXPECT_EQ(address.value(), "10.0.0.1");
}

TEST_F(libevent_c_callback_test, cancelling_the_future_cancels_the_request) {
  silent = true;
  const auto cancelled = address_of(*owner, dns, "example.test");
  run_until([&] { return asked > 0; });
  cancel(cancelled, "enough");
  EXPECT_EQ(cancelled.get_failure()->message(), "enough");
  event_base_loop(base.get(), EVLOOP_NONBLOCK);  // libevent calls back, later
}

TEST_F(libevent_c_callback_test, a_resolver_that_fails_its_requests_when_it_goes_fails_their_futures) {
  silent = true;
  const auto pending = address_of(*owner, dns, "example.test");
  run_until([&] { return asked > 0; });
  evdns_base_free(std::exchange(dns, nullptr), 1);
  run_until([&] { return is_called(pending); });
  EXPECT_EQ(pending.get_failure()->message(), evdns_err_to_string(DNS_ERR_SHUTDOWN));
}

TEST_F(libevent_c_callback_test, a_request_that_goes_with_its_resolver_unanswered_is_rejected_by_hand) {
  silent = true;
  auto [operation, running] = lookup(*owner, dns);
  auto& [pending, callback, data] = operation;
  *running = evdns_base_resolve_ipv4(dns, "example.test", DNS_QUERY_NO_SEARCH, callback, data);
  run_until([&] { return asked > 0; });
  owner->close();
  EXPECT_TRUE(pending.get_failure()->is<loop_closed>());
  evdns_base_free(std::exchange(dns, nullptr), 0);
  event_base_loop(base.get(), EVLOOP_NONBLOCK);
  data.reject(std::runtime_error("the resolver has gone"));  // releases the memory
}

TEST_F(libevent_c_callback_test, an_event_that_is_used_once_completes_its_future_with_both_arguments) {
  auto [ready, callback, data] = c_callback<event_callback_fn>(*owner);
  const timeval at_once{};
  event_base_once(base.get(), -1, EV_TIMEOUT, callback, data, &at_once);
  run_until([&of = ready] { return is_called(of); });
  EXPECT_EQ(ready.value(), (std::tuple<evutil_socket_t, short>(-1, EV_TIMEOUT)));
}

}  // namespace
