// SPDX-License-Identifier: MIT
// The end of a channel that other threads send to.
#pragma once

#include <interloop/detail/channel_state.hpp>
#include <interloop/error.hpp>
#include <interloop/failure.hpp>

#include <atomic>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace interloop {

template <class T>
class channel;

/// Sends to a channel from any thread, even if the channel and the loop may be gone: a copyable, counted handle, made by
/// `channel::remote`. Nothing here blocks. The items of one thread keep their order.
///
/// It does not keep the native loop running: if nothing else does, `loop::hold` it while items are expected. To wait in a
/// thread until there is room, or for an item, use `run_in_reactor` with `send(…).as_future()` or `next().as_future()`.
///
/// Thread safety: any thread; one object is for one thread at a time.
/// Source: `loop_remote`; tokio's `Sender::try_send`.
template <class T>
class remote_sender {
 public:
  /// Sends the item, which reaches the channel in a later turn of its loop.
  ///
  /// \return false if there is no room: what is in the channel and what is under way there from all threads would be more
  ///         than its capacity, or more than one item if that is zero. Coroutines that send at the same time may fill
  ///         the channel first; then it holds more than its capacity for a while.
  /// Errors: `channel_closed` if the channel is closed or gone; `item` is as it was then, and if there is no room.
  /// `loop_closed`, `std::bad_alloc`; the item may be destroyed then. An item that arrives when the channel has been
  /// closed meanwhile is destroyed, in the loop's thread. If there is no memory for it there, that goes to the loop's
  /// exception handler.
  [[nodiscard]] bool try_send(T&& item) const {
    link& to = *to_;
    if (to.closed.load(std::memory_order_relaxed)) detail::throw_channel_closed();
    const std::size_t before = to.under_way.fetch_add(1, std::memory_order_relaxed);
    arrival counts(to);
    if (before + to.in_channel.load(std::memory_order_relaxed) >= (to.room > 0 ? to.room : 1)) {
      if (to.where.closed())
        detail::throw_loop_closed("try_send: the loop is closed; nobody makes room in the channel");
      return false;
    }
    to.where.post([counts = std::move(counts), item = std::move(item)]() mutable {
      if (counts.to->state && !counts.to->state->closed()) counts.to->state->put(std::move(item));
    });
    return true;
  }
  [[nodiscard]] bool try_send(const T& item) const
    requires std::is_copy_constructible_v<T>
  {
    return try_send(T(item));
  }

  /// Closes the channel, as `channel::close` does, in a later turn: after what this thread has sent. Does nothing if the
  /// channel or the loop is gone. Errors: `std::bad_alloc`.
  void close() const {
    post([to = to_] {
      if (to->state) to->state->close(std::nullopt);
    });
  }
  void close(const failure& why) const {
    post([to = to_, why] {
      if (to->state) to->state->close(why);
    });
  }

  /// Whether the channel was closed. A hint: it may be closed at any time. But it stays closed.
  [[nodiscard]] bool closed() const noexcept { return to_->closed.load(std::memory_order_relaxed); }

 private:
  friend class channel<T>;
  using link = detail::remote_link<T>;
  using link_ptr = detail::state_ptr<link>;

  /// Counts an item as under way.
  struct arrival {
    explicit arrival(link& where) noexcept : to(&where) {}
    arrival(arrival&&) noexcept = default;
    arrival& operator=(arrival&&) = delete;
    ~arrival() {
      if (to) to->under_way.fetch_sub(1, std::memory_order_relaxed);
    }
    link_ptr to;
  };

  explicit remote_sender(link& to) noexcept : to_(&to) {}

  template <class F>
  void post(F&& fn) const {
    try {
      to_->where.post(std::forward<F>(fn));
    } catch (const loop_closed&) {
    }
  }

  link_ptr to_;
};

}  // namespace interloop
