// SPDX-License-Identifier: MIT
#include <interloop/detail/thread_of_loop.hpp>

#include <interloop/loop_port.hpp>

namespace interloop::detail {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

std::uint64_t this_thread() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  static constinit thread_local std::uint64_t number = 0;
  if (number == 0) [[unlikely]]
    number = last.fetch_add(1, relaxed) + 1;
  return number;
}

thread_of_loop::thread_of_loop(loop_port& port) noexcept
    : knowledge_(port.knowledge()), last_(this_thread() << bits | made), port_(&port) {}

bool thread_of_loop::port_says() const noexcept {
  asking_.lock();
  const bool says = port_ && port_->in_loop_thread();
  asking_.unlock();
  return says;
}

bool thread_of_loop::may_touch() const noexcept { return is_here(last_.load(relaxed)) || port_says(); }

bool thread_of_loop::waits_for_itself() const noexcept {
  if (const word last = last_.load(relaxed); (last & surely) != 0) return is_here(last);
  return knowledge_ != thread_knowledge::none && port_says();
}

bool thread_of_loop::runs_elsewhere() const noexcept {
  const word self = this_thread();
  const auto is_another = [self](word runner) { return runner != nobody && runner != self; };
  return (is_another(turning_.load(relaxed)) || is_another(running_.load(relaxed))) && !may_touch();
}

bool thread_of_loop::ran_here() const noexcept {
  const word last = last_.load(relaxed);
  return (last & surely) != 0 && is_here(last);
}

void thread_of_loop::turns_in(word self) noexcept {
  const word last = last_.load(relaxed);
  if (knowledge_ == thread_knowledge::none) {
    // One thread at a time runs such a native loop, so another thread's run is over.
    if (last != (self << bits | surely)) last_.store(self << bits | surely, relaxed);
  } else if (last >> bits != self || (last & made) != 0) {
    last_.store(self << bits, relaxed);
  }
}

void thread_of_loop::closes() noexcept {
  last_.store(this_thread() << bits | surely, relaxed);
  asking_.lock();
  port_ = nullptr;
  asking_.unlock();
}

void thread_of_loop::closed() noexcept {
  last_.store(this_thread() << bits, relaxed);
  turning_.store(nobody, relaxed);
  running_.store(nobody, relaxed);
}

thread_of_loop::turn_scope::turn_scope(thread_of_loop& whose) noexcept
    : whose_(whose), outer_(whose.turning_.load(relaxed)) {
  const word self = this_thread();
  whose.turning_.store(self, relaxed);
  whose.turns_in(self);
}

thread_of_loop::turn_scope::~turn_scope() { whose_.turning_.store(whose_.port_ ? outer_ : nobody, relaxed); }

thread_of_loop::run_scope::run_scope(thread_of_loop& whose) noexcept : whose_(whose) {
  const word self = this_thread();
  whose.running_.store(self, relaxed);
  // Between its handlers, the thread that runs a strand's context is one of several that may.
  if (whose.knowledge_ != thread_knowledge::strand) whose.last_.store(self << bits | surely, relaxed);
}

thread_of_loop::run_scope::~run_scope() {
  whose_.running_.store(nobody, relaxed);
  if (whose_.knowledge_ != thread_knowledge::strand) whose_.last_.fetch_and(~surely, relaxed);
}

}  // namespace interloop::detail
