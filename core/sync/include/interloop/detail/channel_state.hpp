// SPDX-License-Identifier: MIT
// What a channel shares with those whom it has served: the items, and the lines of those who send and who receive.
//
// A receiver that waits is not handed an item, but one is reserved for it: it takes the first one when it resumes. So
// items are taken in the order they were sent, and a receiver that is cancelled in between has nothing to give back.
// A sender that waits keeps its item, until there is room and the item is moved into the channel.
//
// It is counted: by the channel, and by receivers for which an item is reserved. The counts are not atomic: everything
// happens in the loop's thread, except what `remote_link` says.
#pragma once

#include <interloop/detail/ring.hpp>
#include <interloop/detail/waiter.hpp>
#include <interloop/failure.hpp>
#include <interloop/loop.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop::detail {

[[noreturn]] void throw_channel_closed();

template <class T>
class channel_state;

/// What a channel shares with its ends in other threads.
template <class T>
class remote_link {
 public:
  remote_link(channel_state<T>& of, const loop_remote& to, std::size_t capacity)
      : where(to), room(capacity), state(&of) {}

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const loop_remote where;
  const std::size_t room;
  channel_state<T>* state;                 // the loop's thread only; null when the channel is gone
  std::atomic<bool> closed{false};         // written by the loop's thread; a hint elsewhere
  std::atomic<std::size_t> in_channel{0};  // the same
  std::atomic<std::size_t> under_way{0};   // posted, and not in the channel yet

 private:
  std::atomic<std::size_t> references_{1};
};

template <class T>
class sender;
template <class T>
class receiver;

template <class T>
class channel_state {
 public:
  channel_state(loop& core, std::size_t capacity) : capacity_(capacity), senders_(core), receivers_(core) {
    loop_access::retain(core);
  }
  channel_state(const channel_state&) = delete;
  channel_state& operator=(const channel_state&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) [[unlikely]]
      delete this;
  }

  [[nodiscard]] loop& core() const noexcept { return senders_.core(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// The items that are reserved for nobody.
  [[nodiscard]] std::size_t available() const noexcept { return items_.size() - reserved_; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// Whether nothing will come any more. Items that are reserved may still become available.
  [[nodiscard]] bool at_end() const noexcept { return closed_ && items_.empty(); }
  [[nodiscard]] const std::optional<failure>& reason() const noexcept { return reason_; }
  [[nodiscard]] waiting_line& senders() noexcept { return senders_; }
  [[nodiscard]] waiting_line& receivers() noexcept { return receivers_; }

  /// Whether an item that is sent now need not wait.
  [[nodiscard]] bool has_room() const noexcept {
    return available() < capacity_ ? senders_.empty() : !receivers_.empty();
  }

  /// Errors: `std::bad_alloc`; `item` is then as it was.
  void put(T&& item) {
    items_.push_back(std::move(item));
    if (!receivers_.empty()) reserve_for_next();
    tell_remotes();
  }

  /// Reserves an item, if there is one for a receiver that comes now; if nothing is in the channel, the first sender's.
  /// Errors: `std::bad_alloc`; nothing has changed then.
  [[nodiscard]] bool try_reserve() {
    if (!receivers_.empty()) return false;
    if (available() == 0) {
      if (senders_.empty()) return false;
      accept_next();  // only a channel without room has senders and no items
    }
    ++reserved_;
    return true;
  }

  /// Takes the first item, one being reserved. Then there is room for that of the first sender.
  T take_reserved() noexcept {
    --reserved_;
    T item = items_.pop_front();
    if (!senders_.empty() && available() < capacity_) accept_next();
    tell_remotes();
    if (at_end()) end_receivers();
    return item;
  }

  /// A reserved item is not needed: the next in line gets it.
  void give_back_reserved() noexcept {
    --reserved_;
    if (!receivers_.empty()) reserve_for_next();
  }

  void close(std::optional<failure> why) noexcept {
    if (std::exchange(closed_, true)) return;
    reason_ = std::move(why);
    if (link_) link_->closed.store(true, std::memory_order_relaxed);
    senders_.wake_all(waiter::stage::ended);
    if (at_end()) end_receivers();
  }

  /// The channel is destroyed. Items that are reserved are still received; the others are destroyed with this.
  void abandon() noexcept {
    closed_ = true;
    if (link_) {
      link_->closed.store(true, std::memory_order_relaxed);
      link_->state = nullptr;
    }
    senders_.wake_all(waiter::stage::dropped);
    receivers_.wake_all(waiter::stage::dropped);
  }

  /// Errors: `std::bad_alloc`.
  remote_link<T>& link() {
    if (link_) return *link_;
    auto* const made = new remote_link<T>(*this, core().remote(), capacity_);
    link_ = state_ptr<remote_link<T>>(typename state_ptr<remote_link<T>>::adopt{}, made);
    made->closed.store(closed_, std::memory_order_relaxed);
    tell_remotes();
    return *made;
  }

 private:
  ~channel_state() { loop_access::release(core()); }

  void accept_next();
  void reserve_for_next() noexcept;
  void end_receivers() noexcept;
  void tell_remotes() noexcept {
    if (link_) link_->in_channel.store(items_.size(), std::memory_order_relaxed);
  }

  const std::size_t capacity_;
  std::size_t references_ = 1;
  ring<T> items_;
  std::size_t reserved_ = 0;  // of the items, for receivers that have not resumed yet
  waiting_line senders_;
  waiting_line receivers_;
  bool closed_ = false;
  std::optional<failure> reason_;
  state_ptr<remote_link<T>> link_;
};

/// The awaiter of `send`. The item is moved from when it is in the channel, and only then.
template <class T>
class sender final : public waiter {
 public:
  static constexpr const char* name = "channel::send";

  sender(channel_state<T>& to, T& item, promise_core& who, std::source_location where) noexcept
      : waiter(waiter_operations<sender>::table, who, where), to_(to), item_(item) {}
  ~sender() {
    if (stage_ == stage::waiting) to_.senders().remove(*this);
  }

  [[nodiscard]] bool await_ready() {
    if (requested()) [[unlikely]]
      return true;
    if (to_.closed()) [[unlikely]] {
      stage_ = stage::ended;
      return true;
    }
    if (!to_.has_room()) return false;
    to_.put(std::move(item_));
    stage_ = stage::served;
    return true;
  }
  void await_suspend(std::coroutine_handle<>) { wait_in(to_.senders()); }
  void await_resume() {
    resumed();
    if (stage_ == stage::served) [[likely]]
      return;
    if (stage_ == stage::ended && !requested()) throw_channel_closed();
    throw_outcome();
  }

  /// An item that is in the channel was sent: then the cancellation is for the next `co_await`.
  void cancel_wait(const failure& cancelled) noexcept {
    keep_request(cancelled);
    if (stage_ != stage::waiting) return;
    to_.senders().remove(*this);
    wake(stage::cancelled);
  }

  [[nodiscard]] T& item() noexcept { return item_; }

 private:
  channel_state<T>& to_;
  T& item_;
};

/// The awaiter of `next`. When it is served, an item is reserved for it.
template <class T>
class receiver final : public waiter {
 public:
  static constexpr const char* name = "channel::next";

  receiver(channel_state<T>& from, promise_core& who, std::source_location where) noexcept
      : waiter(waiter_operations<receiver>::table, who, where), from_(from) {}
  ~receiver() {
    if (stage_ != stage::idle) [[unlikely]]
      give_up();
  }

  [[nodiscard]] bool await_ready() {
    if (requested()) [[unlikely]]
      return true;
    if (from_.try_reserve()) {
      from_.retain();
      stage_ = stage::served;
      return true;
    }
    if (!from_.at_end()) return false;
    reason_ = from_.reason();
    stage_ = stage::ended;
    return true;
  }
  void await_suspend(std::coroutine_handle<>) { wait_in(from_.receivers()); }
  std::optional<T> await_resume() {
    resumed();
    if (stage_ == stage::served) [[likely]] {
      stage_ = stage::idle;
      std::optional<T> item(from_.take_reserved());
      from_.release();
      return item;
    }
    if (stage_ != stage::ended || requested()) throw_outcome();
    if (reason_) throw_failure(*reason_, where_);
    return std::nullopt;
  }

  void cancel_wait(const failure& cancelled) noexcept {
    keep_request(cancelled);
    const stage was = stage_;
    give_up();
    if (was == stage::waiting) {
      wake(stage::cancelled);
    } else {
      change(stage::cancelled);
    }
  }

  void serve() noexcept {
    from_.retain();
    wake(stage::served);
  }
  void end(const std::optional<failure>& reason) noexcept {
    reason_ = reason;
    wake(stage::ended);
  }

 private:
  void give_up() noexcept {
    if (stage_ == stage::waiting) {
      from_.receivers().remove(*this);
    } else if (stage_ == stage::served) {
      from_.give_back_reserved();
      from_.release();
    }
    stage_ = stage::idle;
  }

  channel_state<T>& from_;
  std::optional<failure> reason_;
};

template <class T>
void channel_state<T>::accept_next() {
  auto& next = *static_cast<sender<T>*>(senders_.first());
  items_.push_back(std::move(next.item()));
  senders_.remove(next);
  next.wake(waiter::stage::served);
}

template <class T>
void channel_state<T>::reserve_for_next() noexcept {
  ++reserved_;
  static_cast<receiver<T>*>(receivers_.pop())->serve();
}

template <class T>
void channel_state<T>::end_receivers() noexcept {
  while (auto* const next = static_cast<receiver<T>*>(receivers_.pop())) next->end(reason_);
}

}  // namespace interloop::detail
