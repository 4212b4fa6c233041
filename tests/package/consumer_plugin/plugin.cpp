// SPDX-License-Identifier: MIT
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include <chrono>

namespace {

interloop::future<int> answer() {
  co_await interloop::sleep(std::chrono::milliseconds(1));
  co_return 42;
}

}  // namespace

extern "C" interloop::future<int>* plugin_future(interloop::loop& hosts) {
  const interloop::api async = interloop::with_config(hosts);
  return new interloop::future<int>(async.as_future(&answer));
}

extern "C" int plugin_wait(const interloop::loop_remote& hosts) {
  return interloop::wait_for(hosts, std::chrono::seconds(20), &answer)();
}
