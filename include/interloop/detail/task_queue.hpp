// SPDX-License-Identifier: MIT
// A first-in first-out queue of callables, packed one after the other into large blocks.
//
// Overview. A record is one pointer to code followed by the callable itself, so a small callable costs no allocation
// and one indirect call, and neighbours share cache lines. Blocks are recycled; records never move once written.
//
// Re-entrancy. A callable is moved to the stack and its record given back before it runs: a nested turn may run what
// follows, push more, or clear the queue.
//
// Thread safety: none. The loop uses one in its own thread and one behind the inbox's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace interloop::detail {

class task_queue {
 public:
  task_queue() noexcept = default;
  task_queue(const task_queue&) = delete;
  task_queue& operator=(const task_queue&) = delete;
  ~task_queue() {
    clear();
    free_blocks(head_block_);
    free_blocks(spare_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return pushed_ - taken_; }
  [[nodiscard]] bool empty() const noexcept { return pushed_ == taken_; }

  /// Appends a callable. Strong guarantee: where this throws (bad_alloc, or the callable's own copy), nothing changed.
  template <class F>
  void push(F&& callable) {
    using callee = std::decay_t<F>;
    if constexpr (sizeof(callee) <= max_inline && alignof(callee) <= alignof(void*) &&
                  std::is_nothrow_move_constructible_v<callee>) {
      emplace<callee>(std::forward<F>(callable));
    } else {
      emplace<boxed<callee>>(boxed<callee>{std::make_unique<callee>(std::forward<F>(callable))});
    }
  }

  /// Runs the first callable; what it throws passes through, the record is gone all the same. Requires !empty().
  void run_front() {
    header* front = reinterpret_cast<header*>(head_);
    ++taken_;
    front->code(*this, front, true);
  }

  /// How many callables have ever been pushed: as `run_until`'s limit, those that are there now.
  [[nodiscard]] std::uint64_t pushed() const noexcept { return pushed_; }

  /// Runs callables until `limit` have ever been taken, here or by whatever they call, or none is left. What one throws
  /// passes through; call it again for the rest.
  void run_until(std::uint64_t limit) {
    // The position is carried in registers and only compared with the members, so that one callable need not wait for
    // the stores of the one before.
    std::byte* at = head_;
    std::uint64_t taken = taken_;
    while (taken < limit && taken != pushed_) {
      header* front = reinterpret_cast<header*>(at);
      taken_ = ++taken;
      at = front->code(*this, front, true);
      if (at != head_ || taken != taken_) {
        at = head_;
        taken = taken_;
      }
    }
  }

  /// Destroys every callable without running it. Their destructors may push more: those are destroyed too.
  void clear() noexcept {
    while (!empty()) {
      header* front = reinterpret_cast<header*>(head_);
      ++taken_;
      front->code(*this, front, false);
    }
  }

  void swap(task_queue& other) noexcept {
    std::swap(head_, other.head_);
    std::swap(head_end_, other.head_end_);
    std::swap(tail_, other.tail_);
    std::swap(limit_, other.limit_);
    std::swap(head_block_, other.head_block_);
    std::swap(tail_block_, other.tail_block_);
    std::swap(pushed_, other.pushed_);
    std::swap(taken_, other.taken_);
    std::swap(spare_, other.spare_);
    std::swap(spares_, other.spares_);
  }

 private:
  static constexpr std::size_t block_bytes = 8192;
  static constexpr std::size_t max_inline = 256;
  static constexpr std::size_t max_spares = 8;

  struct header {
    // Takes the record out of the queue, then runs the callable or only destroys it. Returns where the record ends.
    std::byte* (*code)(task_queue&, header*, bool run);
  };

  struct block {
    block* next;
    std::byte* end;  // one past the last record; valid once the writer has moved on to `next`
    alignas(void*) std::byte data[block_bytes - 2 * sizeof(void*)];
  };

  template <class F>
  struct boxed {
    std::unique_ptr<F> callable;
    void operator()() { std::invoke(std::move(*callable)); }
  };

  template <class F>
  struct record : header {
    F callable;

    template <class G>
    explicit record(G&& source) : header{&code_of}, callable(std::forward<G>(source)) {}

    static std::byte* code_of(task_queue& queue, header* self, bool run) {
      F& stored = static_cast<record*>(self)->callable;
      F callable(std::move(stored));
      stored.~F();
      std::byte* const end = reinterpret_cast<std::byte*>(self) + sizeof(record);
      queue.consume_to(end);
      if (run) std::invoke(std::move(callable));
      return end;
    }
  };

  template <class F, class G>
  void emplace(G&& source) {
    static_assert(sizeof(record<F>) % alignof(void*) == 0);
    if (static_cast<std::size_t>(limit_ - tail_) < sizeof(record<F>)) [[unlikely]]
      grow();
    ::new (static_cast<void*>(tail_)) record<F>(std::forward<G>(source));
    tail_ += sizeof(record<F>);
    ++pushed_;
  }

  void consume_to(std::byte* end) noexcept {
    head_ = end;
    if (end == tail_) {  // empty: start at the front of a block that is still in the cache
      head_ = tail_ = head_block_->data;
    } else if (end == head_end_) [[unlikely]] {
      recycle_head();
      head_ = head_block_->data;
    }
  }

#if defined(__GNUC__)
  __attribute__((noinline))
#endif
  void
  recycle_head() noexcept {
    block* done = std::exchange(head_block_, head_block_->next);
    head_end_ = head_block_ == tail_block_ ? nullptr : head_block_->end;
    if (spares_ < max_spares) {
      done->next = std::exchange(spare_, done);
      ++spares_;
    } else {
      delete done;
    }
  }

  void grow() {
    block* fresh = spare_;
    if (fresh) {
      spare_ = fresh->next;
      --spares_;
    } else {
      fresh = new block;
    }
    fresh->next = nullptr;
    if (!tail_block_) {
      head_block_ = fresh;
      head_ = fresh->data;
    } else {
      tail_block_->end = tail_;
      tail_block_->next = fresh;
      if (head_block_ == tail_block_) head_end_ = tail_;
    }
    tail_block_ = fresh;
    tail_ = fresh->data;
    limit_ = fresh->data + sizeof(fresh->data);
  }

  static void free_blocks(block* first) noexcept {
    while (first) delete std::exchange(first, first->next);
  }

  std::byte* head_ = nullptr;      // the first record
  std::byte* head_end_ = nullptr;  // where the first block's records end, once the writer has left it
  std::byte* tail_ = nullptr;      // where the next record goes
  std::byte* limit_ = nullptr;     // end of the last block
  block* head_block_ = nullptr;
  block* tail_block_ = nullptr;
  std::uint64_t pushed_ = 0;  // ever
  std::uint64_t taken_ = 0;
  block* spare_ = nullptr;
  std::size_t spares_ = 0;
};

}  // namespace interloop::detail
