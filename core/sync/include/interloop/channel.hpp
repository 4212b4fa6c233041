// SPDX-License-Identifier: MIT
// A queue that coroutines and callbacks of one loop send items into and receive them from, with a limit.
//
//     while (auto item = co_await jobs.next()) work(*item);   // ends when the channel is closed and empty
//
// Other threads send by `remote`, which has its own header.
#pragma once

#include <interloop/detail/channel_state.hpp>
#include <interloop/error.hpp>
#include <interloop/failure.hpp>
#include <interloop/future.hpp>
#include <interloop/loop.hpp>
#include <interloop/remote_sender.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop {

/// The capacity of a channel that always has room.
inline constexpr std::size_t unbounded = static_cast<std::size_t>(-1);

namespace detail {

template <class T>
future<void> send_in(loop&, channel_state<T>& to, T item);

}  // namespace detail

/// What `channel::send` returns. Nothing happens until it is awaited or becomes a future; use it at once. `Held` is the
/// item, or a reference to the caller's.
template <class T, class Held>
class [[nodiscard]] sending {
 public:
  sending(const sending&) = delete;
  sending& operator=(const sending&) = delete;

  /// For callbacks. One allocation, which holds the item from now on. Cancelling it takes the item back, if it still
  /// waits, and destroys it.
  [[nodiscard]] future<void> as_future() && { return detail::send_in<T>(to_->core(), *to_, static_cast<T&&>(item_)); }
  operator future<void>() && { return static_cast<sending&&>(*this).as_future(); }

  [[nodiscard]] detail::sender<T> await_in(detail::promise_core& who, std::source_location where) && noexcept {
    return {*to_, item_, who, where};
  }

 private:
  friend class channel<T>;
  template <class U>
  friend future<void> detail::send_in(loop&, detail::channel_state<U>&, U);
  sending(detail::channel_state<T>& to, Held item) : to_(&to), item_(static_cast<Held&&>(item)) {}

  detail::channel_state<T>* to_;
  Held item_;
};

/// What `channel::next` returns. Nothing happens until it is awaited or becomes a future; use it at once.
template <class T>
class [[nodiscard]] receiving {
 public:
  /// For callbacks, `gather` and the like. One allocation. Cancelling it gives up the place in line; once it is
  /// completed, it has the item.
  [[nodiscard]] future<std::optional<T>> as_future() const {
    return detail::future_of<std::optional<T>>(from_->core(), *this);
  }
  operator future<std::optional<T>>() const { return as_future(); }

  [[nodiscard]] detail::receiver<T> await_in(detail::promise_core& who, std::source_location where) const noexcept {
    return {*from_, who, where};
  }

 private:
  friend class channel<T>;
  explicit receiving(detail::channel_state<T>& from) noexcept : from_(&from) {}

  detail::channel_state<T>* from_;
};

/// Items in the order they were sent, each for one receiver. Any number of coroutines may send, and any number receive;
/// both are served in the order they came.
///
/// If it is destroyed while coroutines wait, they get `broken_promise`, in a later turn; items that nobody has received
/// are destroyed. If its loop closes, coroutines that wait end with `loop_closed`. It may outlive the loop.
///
/// One allocation when it is made, and as many as it takes to hold the items; none for each of them.
/// \tparam T  may be move-only. Its move constructor must not throw, so that no item is lost.
/// Thread safety: the loop's thread only. For other threads: `remote`.
/// Source: trio's memory channels, tokio's `mpsc`.
template <class T>
class channel {
  static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_array_v<T>,
                "interloop: channel<T> needs a movable object type");
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "interloop: an item of channel<T> could be lost if moving it threw; send a std::unique_ptr to it");

 public:
  /// Errors: `std::bad_alloc`.
  /// \param capacity  how many items it holds before senders wait. 0: each waits until its item is received.
  ///                  `unbounded`: none waits, and nothing keeps a fast sender from filling the memory.
  channel(loop& core, std::size_t capacity) : state_(new detail::channel_state<T>(core, capacity)) {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel() {
    state_->abandon();
    state_->release();
  }

  /// `co_await jobs.send(std::move(item))`: waits until there is room and puts the item in. Does not suspend if there is
  /// room, or somebody waits for an item.
  ///
  /// The item is moved from only if it was sent; if this throws, the caller still has it. A coroutine that is cancelled
  /// while it waits gives up its place. If its item was put in during the same turn, it was sent: then `send` returns,
  /// and the next `co_await` throws.
  /// \param item  must live until the `co_await` is over. An item that is no rvalue is copied first.
  /// Errors: `channel_closed`, `cancelled_error`, `broken_promise`, `loop_closed`, `std::bad_alloc`.
  sending<T, T&> send(T&& item) {
    detail::loop_access::check_thread(state_->core(), "channel::send");
    return {*state_, item};
  }
  sending<T, T> send(const T& item)
    requires std::is_copy_constructible_v<T>
  {
    detail::loop_access::check_thread(state_->core(), "channel::send");
    return {*state_, T(item)};
  }

  /// Puts the item in if that needs no waiting; otherwise returns false, and the item is as it was.
  /// Errors: `channel_closed`, `std::bad_alloc`; the item is then as it was, too.
  [[nodiscard]] bool try_send(T&& item) {
    detail::loop_access::check_thread(state_->core(), "channel::try_send");
    if (state_->closed()) detail::throw_channel_closed();
    if (!state_->has_room()) return false;
    state_->put(std::move(item));
    return true;
  }
  [[nodiscard]] bool try_send(const T& item)
    requires std::is_copy_constructible_v<T>
  {
    return try_send(T(item));
  }

  /// `while (auto item = co_await jobs.next())`: waits for an item and takes it. Nothing, when the channel is closed and
  /// every item was received. Does not suspend if there is an item.
  ///
  /// A coroutine that is cancelled while it waits gives up its place; an item that came for it in the same turn goes to
  /// the next in line, or is the first of those that wait to be received.
  /// Errors: what the channel was closed with; `cancelled_error`, `broken_promise`, `loop_closed`.
  receiving<T> next() {
    detail::loop_access::check_thread(state_->core(), "channel::next");
    return receiving<T>(*state_);
  }

  /// An item, if that needs no waiting.
  [[nodiscard]] std::optional<T> try_next() {
    detail::loop_access::check_thread(state_->core(), "channel::try_next");
    if (!state_->try_reserve()) return std::nullopt;
    return state_->take_reserved();
  }

  /// Nothing can be sent any more: senders, those that wait included, get `channel_closed` and keep their items. What is
  /// in the channel can still be received; after that, receivers get nothing or, if there is a failure, its exception.
  /// Idempotent: the first call counts.
  void close() { close_with({}); }
  void close(const failure& why) { close_with(why); }

  [[nodiscard]] bool closed() const noexcept { return state_->closed(); }
  /// How many items are in the channel, except those that are reserved for a receiver which runs in a later turn.
  [[nodiscard]] std::size_t size() const noexcept { return state_->available(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return state_->capacity(); }

  /// An end for other threads. One allocation, the first time. Errors: `std::bad_alloc`.
  [[nodiscard]] remote_sender<T> remote() {
    detail::loop_access::check_thread(state_->core(), "channel::remote");
    return remote_sender<T>(state_->link());
  }

 private:
  void close_with(std::optional<failure> why) {
    detail::loop_access::check_thread(state_->core(), "channel::close");
    state_->close(std::move(why));
  }

  detail::channel_state<T>* state_;
};

namespace detail {

template <class T>
future<void> send_in(loop&, channel_state<T>& to, T item) {
  co_await sending<T, T&>(to, item);
}

}  // namespace detail
}  // namespace interloop
