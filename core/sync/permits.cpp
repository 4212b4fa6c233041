// SPDX-License-Identifier: MIT
// What happens only to those who have waited. It is not inline, so that the code around a lock that is free stays small.
#include <interloop/detail/permits.hpp>

#include <utility>

namespace interloop::detail {

void permit_waiter::has_waited() {
  resumed();
  if (stage_ != stage::served) throw_outcome();
  stage_ = stage::idle;
}

void permit_waiter::give_up() noexcept {
  const stage was = std::exchange(stage_, stage::idle);
  if (was == stage::waiting) {
    from_.line().remove(*this);
    from_.serve();  // the next may want fewer units
  } else if (was == stage::served) {
    from_.give_back(units_);
  }
}

}  // namespace interloop::detail
