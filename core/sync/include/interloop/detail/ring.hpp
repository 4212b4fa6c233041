// SPDX-License-Identifier: MIT
// A first-in first-out queue in one block of memory, which grows as needed and is kept until the end.
//
// std::deque allocates and frees a block every few items, and costs a user's file more than the channel does.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace interloop::detail {

template <class T>
class ring {
  static_assert(std::is_nothrow_move_constructible_v<T>);

 public:
  ring() noexcept = default;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() {
    clear();
    free_slots(slots_, mask_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Strong guarantee: if there is no memory, `item` is as it was. Does not fail if there was one more item before.
  void push_back(T&& item) {
    if (size_ > mask_ || !slots_) [[unlikely]]
      grow();
    ::new (static_cast<void*>(slot(size_))) T(std::move(item));
    ++size_;
  }

  /// Requires !empty().
  T pop_front() noexcept {
    T& first = *slot(0);
    T taken(std::move(first));
    first.~T();
    ++head_;
    --size_;
    return taken;
  }

  void clear() noexcept {
    while (size_ > 0) static_cast<void>(pop_front());
  }

 private:
  static constexpr std::size_t fewest = 8;

  [[nodiscard]] T* slot(std::size_t index) const noexcept { return slots_ + ((head_ + index) & mask_); }

  void grow() {
    const std::size_t more = slots_ ? 2 * (mask_ + 1) : fewest;
    T* const fresh = std::allocator<T>().allocate(more);
    for (std::size_t i = 0; i < size_; ++i) {
      T& each = *slot(i);
      ::new (static_cast<void*>(fresh + i)) T(std::move(each));
      each.~T();
    }
    free_slots(std::exchange(slots_, fresh), std::exchange(mask_, more - 1));
    head_ = 0;
  }

  static void free_slots(T* all, std::size_t mask) noexcept {
    if (all) std::allocator<T>().deallocate(all, mask + 1);
  }

  T* slots_ = nullptr;
  std::size_t mask_ = 0;  // the number of slots, a power of two, minus one
  std::size_t head_ = 0;  // counts on
  std::size_t size_ = 0;
};

}  // namespace interloop::detail
