// SPDX-License-Identifier: MIT
// libuv's requests as futures: the callback gets the request, which has the data.
#include <interloop/adapters/libuv.hpp>
#include <interloop/c_callback.hpp>
#include <interloop/interloop.hpp>

#include <netinet/in.h>
#include <uv.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>

namespace {

// [lookup]
interloop::future<int> port_of(interloop::loop& loop, uv_loop_t* native, const char* host, const char* service) {
  auto request = std::make_unique<uv_getaddrinfo_t>();
  auto [port, callback, data] = interloop::c_callback<uv_getaddrinfo_cb, &uv_getaddrinfo_t::data>(
      loop,
      [](uv_getaddrinfo_t* done, int status, addrinfo* found) {
        const std::unique_ptr<uv_getaddrinfo_t> ours(done);
        const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, &uv_freeaddrinfo);
        if (status < 0) throw std::runtime_error(uv_strerror(status));
        return int{ntohs(reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_port)};
      },
      [running = request.get()] { uv_cancel(reinterpret_cast<uv_req_t*>(running)); });
  request->data = data;
  if (const int status = uv_getaddrinfo(native, request.get(), callback, host, service, nullptr); status < 0) {
    data.reject(std::runtime_error(uv_strerror(status)));
  } else {
    static_cast<void>(request.release());  // the callback's now
  }
  return port;
}
// [/lookup]

using namespace interloop;

class libuv_c_callback_test : public ::testing::Test {
 protected:
  libuv_c_callback_test() {
    uv_loop_init(&native);
    owner.emplace(&native);
  }
  ~libuv_c_callback_test() override {
    owner.reset();
    uv_run(&native, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&native), 0);
  }

  uv_loop_t native;
  std::optional<libuv_loop> owner;
};

TEST_F(libuv_c_callback_test, a_request_that_libuv_ends_completes_its_future) {
  const auto port = port_of(**owner, &native, "127.0.0.1", "80");
  const auto none = port_of(**owner, &native, "127.0.0.1", "no such service");
  uv_run(&native, UV_RUN_DEFAULT);
  EXPECT_EQ(port.value(), 80);
  EXPECT_TRUE(none.get_failure()->is<std::runtime_error>());
}

TEST_F(libuv_c_callback_test, a_request_that_libuv_refuses_fails_its_future) {
  const auto refused = port_of(**owner, &native, nullptr, nullptr);
  EXPECT_EQ(refused.get_failure()->message(), uv_strerror(UV_EINVAL));
}

TEST_F(libuv_c_callback_test, cancelling_the_future_cancels_a_request_that_waits) {
  // libuv's threads are busy, so that the request has to wait.
  std::atomic<bool> go = false;
  std::array<uv_work_t, 4> busy{};
  for (auto& each : busy) {
    each.data = &go;
    uv_queue_work(
        &native, &each, [](uv_work_t* work) { static_cast<std::atomic<bool>*>(work->data)->wait(false); },
        [](uv_work_t*, int) {});
  }
  const auto cancelled = port_of(**owner, &native, "127.0.0.1", "80");
  cancel(cancelled);
  EXPECT_TRUE(cancelled.get_failure()->is<cancelled_error>());
  EXPECT_EQ(uv_run(&native, UV_RUN_NOWAIT), 1) << "the busy threads' work";
  go = true;
  go.notify_all();
  uv_run(&native, UV_RUN_DEFAULT);  // its callback releases the request
}

TEST_F(libuv_c_callback_test, a_request_may_end_after_the_loop_was_closed) {
  const auto pending = port_of(**owner, &native, "127.0.0.1", "80");
  (*owner)->close();
  EXPECT_TRUE(pending.get_failure()->is<loop_closed>());
  uv_run(&native, UV_RUN_DEFAULT);  // its callback releases the request
}

}  // namespace
