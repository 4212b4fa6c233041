// SPDX-License-Identifier: MIT
#include <interloop/stop_token.hpp>

#include <interloop/detail/report.hpp>

#include <chrono>
#include <new>
#include <thread>

namespace interloop::detail {

void stop_request::operator()() const noexcept {
  for (int attempts = 10;; --attempts) {
    try {
      relay->where.post([relay = relay] {
        if (relay->target) relay->target->cancel("a stop was requested", relay->place);
      });
      return;
    } catch (const std::bad_alloc&) {
      if (attempts == 0) return say("interloop: a stop was requested, but there is no memory to tell the loop\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } catch (...) {  // the loop is closed
      return;
    }
  }
}

}  // namespace interloop::detail
