// SPDX-License-Identifier: MIT
#include <interloop/detail/inbox.hpp>

#include <interloop/loop_port.hpp>

#include <pthread.h>

#include <chrono>
#include <mutex>
#include <thread>

namespace interloop::detail {

namespace {

std::atomic<unsigned> forks{0};

}  // namespace

/// All inboxes, for forks.
struct inbox_list {
  static void add(inbox& one) noexcept {
    const std::lock_guard guard(lock);
    one.next_ = first;
    one.link_ = &first;
    if (first) first->link_ = &one.next_;
    first = &one;
  }
  static void remove(inbox& one) noexcept {
    const std::lock_guard guard(lock);
    *one.link_ = one.next_;
    if (one.next_) one.next_->link_ = one.link_;
  }

  static void before_fork() noexcept {
    lock.lock();
    for (inbox* each = first; each; each = each->next_) each->lock_.lock();
    for (inbox* each = first; each; each = each->next_) each->wait_for_wakers();  // they have the native loop's locks
  }
  static void after_fork() noexcept {
    for (inbox* each = first; each; each = each->next_) each->lock_.unlock();
    lock.unlock();
  }
  static void in_child() noexcept {
    forks.fetch_add(1, std::memory_order_relaxed);
    after_fork();
  }

  static constinit short_lock lock;
  static constinit inbox* first;
};

constinit short_lock inbox_list::lock;
constinit inbox* inbox_list::first = nullptr;

namespace {

[[maybe_unused]] const int registered =
    pthread_atfork(&inbox_list::before_fork, &inbox_list::after_fork, &inbox_list::in_child);

}  // namespace

inbox::inbox(loop_port& port) noexcept : knowledge_(port.knowledge()), port_(&port) { inbox_list::add(*this); }
inbox::~inbox() { inbox_list::remove(*this); }

void short_lock::wait() const noexcept {
  for (int tries = 0; held_.load(std::memory_order_relaxed); ++tries) {
    if (tries < 100) {
      relax();
    } else if (tries < 1000) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
}

void inbox::wake(loop_port& port) noexcept {
  port.wake();
  wakers_.fetch_sub(1, std::memory_order_release);
}

void inbox::turned_here() noexcept {
  if (knowledge_ != thread_knowledge::none || several_) return;
  const std::uint64_t last = runner_.load(std::memory_order_relaxed);
  if (last == this_thread()) return;
  several_ = last != nobody;  // then none of them is known to be the loop's
  runner_.store(several_ ? nobody : this_thread(), std::memory_order_relaxed);
}

void inbox::run_begins() noexcept {
  if (knowledge_ != thread_knowledge::strand) runner_.store(this_thread(), std::memory_order_relaxed);
  several_ = false;
}

void inbox::closes_here() noexcept { runner_.store(this_thread(), std::memory_order_relaxed); }

bool inbox::runs_here() {
  if (const std::uint64_t runner = runner_.load(std::memory_order_relaxed); runner != nobody)
    return runner == this_thread();
  if (knowledge_ == thread_knowledge::none) return false;
  const guard locked(lock_);
  return port_ && port_->in_loop_thread();
}

bool inbox::linger(task_queue& into) {
  constexpr int patient = 4;
  constexpr unsigned look_again = 64;
  constexpr int gather = 16;
  constexpr auto moment = std::chrono::microseconds(2);

  if (patience_ == 0 && ++skipped_ % look_again == 0) patience_ = 1;
  if (patience_ > 0) {
    expect();
    const auto came = [this] { return state_.load(std::memory_order_relaxed) == state::filled; };
    if (posted_on_.load(std::memory_order_relaxed) == this_cpu()) {
      if (!came()) ::sched_yield();
    } else if (came()) {
      // A stream: let more of it come before taking the lock from whoever pushes.
      for (int i = 0; i < gather; ++i) relax();
    } else {
      const auto until = std::chrono::steady_clock::now() + moment;
      for (int i = 1; !came() && (i % 8 != 0 || std::chrono::steady_clock::now() < until); ++i) relax();
    }
    patience_ = came() ? patient : patience_ - 1;
  }
  if (!stop_expecting()) return false;
  take(into);
  return true;
}

unsigned fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

std::uint64_t this_thread() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  static constinit thread_local std::uint64_t number = 0;
  if (number == 0) [[unlikely]]
    number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

}  // namespace interloop::detail
