// SPDX-License-Identifier: MIT
#include <interloop/detail/inbox.hpp>

#include <interloop/fork_count.hpp>
#include <interloop/loop_port.hpp>

#include "port_call.hpp"

#include <pthread.h>

#include <chrono>
#include <mutex>
#include <thread>

namespace interloop::detail {

constinit library_copy this_copy;

void throw_two_copies() {
  throw usage_error(
      "this process contains two copies of interloop, and the other copy made this loop: perhaps a program and its "
      "plugin are both linked with the static library; build interloop as a shared library (-DBUILD_SHARED_LIBS=ON) "
      "and link both with it");
}

/// All inboxes, for forks.
struct inbox_list {
  static void add(inbox& one) noexcept {
    const std::lock_guard guard(one.copy_->lock);
    inbox*& first = one.copy_->inboxes;
    one.next_ = first;
    one.link_ = &first;
    if (first) first->link_ = &one.next_;
    first = &one;
  }
  static void remove(inbox& one) noexcept {  // perhaps called by another copy, which had the last handle
    const std::lock_guard guard(one.copy_->lock);
    *one.link_ = one.next_;
    if (one.next_) one.next_->link_ = one.link_;
  }

  static void before_fork() noexcept {
    this_copy.lock.lock();
    for (inbox* each = this_copy.inboxes; each; each = each->next_) {
      each->thread_.before_fork();
      each->lock_.lock();
    }
    // Threads that are waking a loop may hold locks of the native loop.
    for (inbox* each = this_copy.inboxes; each; each = each->next_) each->wait_for_wakers();
  }
  static void after_fork() noexcept {
    for (inbox* each = this_copy.inboxes; each; each = each->next_) {
      each->lock_.unlock();
      each->thread_.fork_is_over();
    }
    this_copy.lock.unlock();
  }
  static void in_child() noexcept {
    this_copy.forks.fetch_add(1, std::memory_order_relaxed);
    after_fork();
  }
};

namespace {

[[maybe_unused]] const int registered =
    pthread_atfork(&inbox_list::before_fork, &inbox_list::after_fork, &inbox_list::in_child);

}  // namespace

inbox::inbox(loop_port& port) noexcept : port_(&port), thread_(port) { inbox_list::add(*this); }
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
  port_call(port, "wake")->wake();
  wakers_.fetch_sub(1, std::memory_order_release);
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
      // Posts are streaming in: let more arrive before competing for the lock with the pushing threads.
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

}  // namespace interloop::detail

unsigned interloop::fork_count() noexcept { return detail::this_copy.forks.load(std::memory_order_relaxed); }
