// SPDX-License-Identifier: MIT
#include "patient_manual.hpp"

#include <interloop/detail/loop_access.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace interloop::testing::detail {

bool patient_manual::run_until(const std::function<bool()>& done, duration limit) {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + limit;
  auto seen = clock::now();  // up to where the machine's clock was followed
  bool is_done = false;
  while (!(is_done = done()) && clock::now() < end) {
    const auto before = std::exchange(seen, clock::now());
    if (!owner_ || owner_->step()) continue;
    const time_point alarm = owner_->next_alarm();
    const bool watching = interloop::detail::loop_access::contents_of(core()).watches > 0;
    if (!watching && alarm != time_point::max()) {
      owner_->advance(std::max(alarm - core().now(), duration::zero()));
      continue;
    }
    if (watching) owner_->advance(seen - before);
    // Other processes, or other threads, may be going to do something.
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return is_done;
}

}  // namespace interloop::testing::detail
