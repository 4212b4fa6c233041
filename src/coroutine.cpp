// SPDX-License-Identifier: MIT
#include <interloop/coroutine.hpp>

namespace interloop::detail {

namespace {

// Owns a suspended coroutine on its way to its own loop.
class traveller {
 public:
  explicit traveller(std::coroutine_handle<> who) noexcept : who_(who) {}
  traveller(traveller&& other) noexcept : who_(std::exchange(other.who_, nullptr)) {}
  traveller& operator=(traveller&&) = delete;
  ~traveller() {
    if (who_) who_.destroy();
  }
  void operator()() { std::exchange(who_, nullptr).resume(); }

 private:
  std::coroutine_handle<> who_;
};

}  // namespace

void resumption::hop(promise_core& waiter) { waiter.loop_->post(traveller(waiter.self_)); }

}  // namespace interloop::detail
