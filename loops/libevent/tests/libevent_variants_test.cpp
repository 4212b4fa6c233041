// SPDX-License-Identifier: MIT
// The conformance suite as ../fixture.cpp cannot have it: after evthread_use_pthreads(), which is for every base of the
// process from then on, and what other threads may then do; and on select, without a case that libevent cannot pass.
#include "native_event.hpp"
#include "support/conformance.hpp"

#include <interloop/interloop.hpp>

#include <event2/thread.h>

#include <thread>

#include "../fixture.hpp"

namespace {

using namespace interloop;
using namespace std::chrono_literals;
using libevent_test::an_eventfd;
using libevent_test::make_base;
using libevent_test::native_event;

TEST(LibeventVariantsTest, TheBaseIsStillNotifiedByOtherThreadsAfterADescriptorWasLost) {
  const auto base = make_base();
  an_eventfd closed_by_the_application;
  native_event neglected(base, [] {}, closed_by_the_application.get(), EV_READ | EV_PERSIST);
  neglected.add();
  closed_by_the_application.close();
  const libevent_loop owner(base.get());
  owner->set_exception_handler([](std::string_view, const failure&) {});
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  fd_watch watching = owner->watch(fd, interest::read, [](interest) {});
  ::close(fd);
  watching.stop();

  native_event told(base, [&] { event_base_loopbreak(base.get()); });
  native_event limit(base, [&] {
    ADD_FAILURE() << "event_active() did not wake the base";
    event_base_loopbreak(base.get());
  });
  limit.add(5s);
  std::thread other;
  native_event begin(base, [&] {
    other = std::thread([&] {
      std::this_thread::sleep_for(2ms);  // most likely it sleeps now
      event_active(told.get(), EV_TIMEOUT, 0);
    });
  });
  begin.add(0us);
  event_base_dispatch(base.get());
  other.join();
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  evthread_use_pthreads();
  conformance::harness on{
      .name = "libevent_threads",
      .make = [] { return std::make_unique<interloop::test::on_libevent>(); },
      .lacks = {{conformance::ability::nests, "event_base_loop() refuses to run inside a callback"}}};
  register_cases(on.name, on);
  on.name = "libevent_select";
  on.environment = {{"EVENT_NOEPOLL", "1"}, {"EVENT_NOPOLL", "1"}};
  // select() fails as a whole if one descriptor is closed. libevent then leaves its loop without calling anything.
  register_cases(on.name, on,
                 "a descriptor that is closed before the native loop has seen it does not affect other watches");
  return RUN_ALL_TESTS();
}
