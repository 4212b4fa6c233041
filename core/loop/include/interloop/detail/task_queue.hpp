// SPDX-License-Identifier: MIT
// A first-in first-out queue of callables, packed one after the other into large blocks.
//
// Overview. A record is one pointer, to what its kind has in common, followed by where it was pushed and the callable
// itself, so a small callable costs no allocation and one indirect call, and neighbours share cache lines. Blocks are
// recycled; records never move once written.
// Nothing is counted: a queue is empty when its two ends meet, and a generation ends where the queue ended when it
// began.
//
// Re-entrancy. Before a callable runs, it is moved to the stack and its record is freed, so a nested turn may run the
// following ones, push more, or clear the queue.
//
// Thread safety: none. The loop uses one in its own thread and one behind the inbox's lock.
#pragma once

#include <interloop/detail/invoke.hpp>
#include <interloop/detail/layout.hpp>
#include <interloop/detail/owned.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace interloop::detail {

class task_queue {
  struct placed;

 public:
  struct header;
  enum class visit : unsigned char { run, destroy };
  /// Takes a record out of the queue, then runs its callable or only destroys it. Returns where the record ends or, if
  /// the next record is elsewhere, where that begins.
  using code = std::byte* (*)(task_queue&, header*, visit);
  /// What records of one type have in common. Readers of memory use it too.
  struct kind {
    code run;             // its symbol names the callable's type
    std::uint32_t bytes;  // of a record
    std::uint32_t place;  // of its std::source_location; `nowhere`: a pointer to an object is behind the header
  };

  struct header {
    const kind* what;
  };

 private:
  struct reference : header {
    void* object;

    template <class T, void (*Run)(T&) noexcept, void (*Destroy)(T&) noexcept>
    static std::byte* code_of(task_queue& queue, header* self, visit how) {
      T& object = *static_cast<T*>(static_cast<reference*>(self)->object);
      std::byte* const next = queue.consume_to(reinterpret_cast<std::byte*>(self) + sizeof(reference));
      if (how == visit::run) {
        Run(object);
      } else {
        Destroy(object);
      }
      return next;
    }
  };

 public:
  /// Of records that refer to an object which outlives them: calls `Run` or `Destroy` with that object.
  template <class T, void (*Run)(T&) noexcept, void (*Destroy)(T&) noexcept>
  static constexpr kind kind_of_reference{&reference::template code_of<T, Run, Destroy>, sizeof(reference), nowhere};

  task_queue() noexcept = default;
  task_queue(const task_queue&) = delete;
  task_queue& operator=(const task_queue&) = delete;
  ~task_queue() {
    clear();
    free_blocks(head_block_);
    free_blocks(spare_);
  }

  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
  /// Whether there are two or more.
  [[nodiscard]] bool several() const noexcept { return !empty() && end_of(*front()) != tail_; }

  /// Appends a callable, and where it comes from, for readers. Strong guarantee: if this throws (bad_alloc, or the
  /// callable's copy constructor), nothing has changed.
  template <class F>
  void push(F&& callable, std::source_location where = {}) {
    using callee = std::decay_t<F>;
    if constexpr (sizeof(callee) <= max_inline && alignof(callee) <= alignof(void*) &&
                  std::is_nothrow_move_constructible_v<callee>) {
      emplace<callee>(where, std::forward<F>(callable));
    } else {
      emplace<boxed<callee>>(where, boxed<callee>{owned<callee>(new callee(std::forward<F>(callable)))});
    }
  }

  /// Appends a record of a `kind_of_reference`. Returns false, and does nothing, if there is no memory for it.
  [[nodiscard]] bool push_reference(const kind& what, void* object) noexcept;
  /// What a record refers to; null if it has a callable of its own.
  [[nodiscard]] static void* object_of(const header& record) noexcept;
  /// Where a record's callable comes from, if that is known.
  [[nodiscard]] static std::source_location place_of(const header& record) noexcept;

  /// Runs the first callable. What it throws passes through, and the record is removed even then. Requires !empty().
  void run_front();

  /// Runs the callables that are queued now, and calls `escaped()` inside a handler for each exception that leaves one.
  /// Ends early if one of them runs the queue itself, which runs the rest, or clears it. Returns how many it ran.
  template <class Escaped>
  std::size_t run_generation(Escaped escaped) noexcept {
    nobody alone;
    return run_generation(escaped, alone);
  }
  /// The same. Calls `watch.begins(record)` before each, and `watch.ends()` after each. Neither may throw, or take
  /// anything out of the queue.
  template <class Escaped, class Watch>
  std::size_t run_generation(Escaped escaped, Watch& watch) noexcept;

  /// How many callables are queued. Visits each.
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  struct block;

 public:
  /// A place behind which callables will be pushed. Becomes invalid when the queue is cleared or swapped.
  struct mark {
    block* in = nullptr;
    std::byte* at = nullptr;
  };
  /// The end of the queue.
  [[nodiscard]] mark end_mark() const noexcept { return {tail_block_, tail_}; }
  /// The end of the queue as it will be once the first callable has been taken out. Requires !empty().
  [[nodiscard]] mark end_mark_without_front() const noexcept {
    return end_of(*front()) == tail_ ? mark{head_block_, head_block_->data} : end_mark();
  }
  /// How many callables have been pushed since, and not yet run. Moves the mark to the end.
  std::size_t pushed_since(mark& last) const noexcept;

  /// Destroys every callable without calling it. Callables that their destructors push are destroyed too.
  void clear() noexcept;

  /// Not allowed while a generation of either queue runs.
  void swap(task_queue& other) noexcept {
    std::swap(head_, other.head_);
    std::swap(head_end_, other.head_end_);
    std::swap(tail_, other.tail_);
    std::swap(limit_, other.limit_);
    std::swap(head_block_, other.head_block_);
    std::swap(tail_block_, other.tail_block_);
    std::swap(spare_, other.spare_);
    std::swap(spares_, other.spares_);
  }

 private:
  template <class>
  friend struct look_access;

  [[nodiscard]] header* front() const noexcept { return reinterpret_cast<header*>(head_); }
  [[nodiscard]] static std::byte* end_of(header& record) noexcept;

  static constexpr std::size_t block_bytes = 8192;
  static constexpr std::size_t max_inline = 256;
  static constexpr std::size_t max_spares = 8;

  struct nobody {};  // watches

  struct block {
    block* next;
    std::byte* end;  // one past the last record; valid once the writer has moved on to `next`
    alignas(void*) std::byte data[block_bytes - 2 * sizeof(void*)];
  };

  template <class F>
  struct boxed {
    owned<F> callable;
    void operator()() { detail::invoke(std::move(*callable)); }
  };

  template <class F>
  struct record;

  template <class F, class G>
  void emplace(std::source_location where, G&& source) {
    static_assert(sizeof(record<F>) % alignof(void*) == 0);
    make_room(sizeof(record<F>));
    ::new (static_cast<void*>(tail_)) record<F>(where, std::forward<G>(source));
    tail_ += sizeof(record<F>);
  }

  /// Returns where the next record begins, or `end` if that is where the running generation ends.
  std::byte* consume_to(std::byte* end) noexcept {
    head_ = end;
    if (end == tail_) {  // empty: start again at the front of the block, which is still in the cache
      head_ = tail_ = head_block_->data;
    } else if (end == head_end_) [[unlikely]] {
      recycle_head();
      head_ = head_block_->data;
      if (end != stop_) return head_;
    }
    return end;
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

  void make_room(std::size_t bytes) {
    if (static_cast<std::size_t>(limit_ - tail_) < bytes) [[unlikely]]
      grow();
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
  std::byte* stop_ = nullptr;  // where the running generation ends
  unsigned runs_ = 0;          // how often the queue was run or cleared
  block* spare_ = nullptr;
  std::size_t spares_ = 0;
};

struct task_queue::placed : header {
  std::source_location where;
};

template <class F>
struct task_queue::record : placed {
  F callable;

  template <class G>
  record(std::source_location from, G&& source) : placed{{&about}, from}, callable(std::forward<G>(source)) {}

  static std::byte* code_of(task_queue& queue, header* self, visit how) {
    std::byte* const end = reinterpret_cast<std::byte*>(self) + sizeof(record);
    F& stored = static_cast<record*>(self)->callable;
    F callable(std::move(stored));
    stored.~F();
    std::byte* const next = queue.consume_to(end);
    if (how == visit::run) detail::invoke(std::move(callable));
    return next;
  }

  static constexpr kind about{&code_of, sizeof(record), sizeof(header)};
};

inline void* task_queue::object_of(const header& record) noexcept {
  return record.what->place == nowhere ? static_cast<const reference&>(record).object : nullptr;
}
inline std::source_location task_queue::place_of(const header& record) noexcept {
  return record.what->place == nowhere ? std::source_location{} : static_cast<const placed&>(record).where;
}

inline bool task_queue::push_reference(const kind& what, void* object) noexcept {
  try {
    make_room(sizeof(reference));
  } catch (const std::bad_alloc&) {
    return false;
  }
  ::new (static_cast<void*>(tail_)) reference{{&what}, object};
  tail_ += sizeof(reference);
  return true;
}

inline void task_queue::run_front() {
  ++runs_;
  stop_ = nullptr;
  front()->what->run(*this, front(), visit::run);
}

template <class Escaped, class Watch>
std::size_t task_queue::run_generation(Escaped escaped, [[maybe_unused]] Watch& watch) noexcept {
  constexpr bool watched = !std::is_same_v<Watch, nobody>;
  if (empty()) return 0;
  std::size_t count = 0;
  const unsigned run = ++runs_;
  std::byte* const stop = stop_ = tail_;
  // The position is carried in a register, so that one callable need not wait for the stores of the one before.
  std::byte* at = head_;
  for (;;) {
    const kind* what = nullptr;
    try {
      do {
        auto* const self = reinterpret_cast<header*>(at);
        what = self->what;
        ++count;
        if constexpr (watched) watch.begins(*self);
        at = what->run(*this, self, visit::run);
        if constexpr (watched) watch.ends();
      } while (at != stop && runs_ == run);
      return count;
    } catch (...) {
      escaped();
      if constexpr (watched) watch.ends();
    }
    if (runs_ != run || at + what->bytes == stop) return count;
    at = head_;
  }
}

inline std::size_t task_queue::pushed_since(mark& last) const noexcept {
  std::size_t count = 0;
  if (!last.in) last = {head_block_, head_block_ ? head_block_->data : nullptr};
  while (last.at != tail_) {
    if (last.in != tail_block_ && last.at == last.in->end) {
      last.in = last.in->next;
      last.at = last.in->data;
    } else {
      last.at = end_of(*reinterpret_cast<header*>(last.at));
      ++count;
    }
  }
  last = end_mark();
  return count;
}

inline std::size_t task_queue::size() const noexcept {
  mark first{head_block_, head_};
  return pushed_since(first);
}

inline void task_queue::clear() noexcept {
  ++runs_;
  stop_ = nullptr;
  while (!empty()) front()->what->run(*this, front(), visit::destroy);
}

inline std::byte* task_queue::end_of(header& record) noexcept {
  return reinterpret_cast<std::byte*>(&record) + record.what->bytes;
}

}  // namespace interloop::detail
