// SPDX-License-Identifier: MIT
// All timers of one loop: scheduling and cancelling in O(1), firing in exact (deadline, sequence) order.
//
// Overview. Two structures share the work. Timers that are more than a tick (about a millisecond) away wait in a
// hierarchical timing wheel (Varghese and Lauck 1987): 6 levels of 256 lists, a timer is linked into one of them and
// unlinked in constant time, and most timeouts end there, cancelled. When the wheel reaches a timer's tick, the timer
// moves to the *near* heap, which gives it its exact order; the heap is 4-ary, with the deadline beside the pointer.
// The wheel moves on only when nothing in the heap is due, so even if many ticks are due at once, the heap holds only
// one tick's timers.
//
// Cancelling frees the node at once. Its heap entry becomes stale: it is recognised by its sequence number, which no
// two timers share even if they reuse a node, and skipped. When stale entries outnumber live ones, the heap is rebuilt,
// so they cost amortised O(1) and bounded memory.
//
// Moving a timer to a later deadline is lazy: only the node's deadline changes. Whatever finds the node in a list or an
// entry of the heap that is too early for it files it anew; most such timers are idle timeouts, moved many times before
// that. Moving it to an earlier deadline links it elsewhere, or adds another entry, which makes the older one stale.
//
// The place in the source where a timer was made is for readers of memory, and must cost next to nothing. It lies behind
// the callable if that leaves 8 of its 24 bytes. Otherwise the low 12 bits of the sequence are its number in a list of
// places: few parts of a program make such timers.
//
// Thread safety: none; the loop's thread only. `docs/decisions/0002-timers.md` has the figures behind this choice.
#pragma once

#include <interloop/detail/invoke.hpp>
#include <interloop/detail/layout.hpp>
#include <interloop/detail/owned.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::detail {

/// One timer. Lives in a slab of its queue; `sequence` is 0 while it is free or running. With a million timers each
/// operation is a cache miss or two, so a node fills one cache line; larger callables are allocated separately.
struct alignas(64) timer_node {
  static constexpr std::size_t capacity = 24;
  static constexpr std::size_t place_at = capacity - sizeof(std::source_location);  // in the storage

  timer_node* next;
  timer_node** link;  // the pointer to this node, or nullptr while it is in the near heap
  std::int64_t deadline;
  std::uint64_t sequence;
  void (*code)(timer_node&, bool run);  // runs the callable if told to, and destroys it
  alignas(void*) std::byte storage[capacity];
};

class timer_queue {
 public:
  explicit timer_queue(std::int64_t now) noexcept : tick_(tick_of(now)), floor_(now) {}
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;
  ~timer_queue();

  [[nodiscard]] bool empty() const noexcept { return live_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return live_; }

  /// Adds a timer. `deadline` is in nanoseconds on the loop's clock; a deadline before the last `run_due` counts as
  /// that moment, so that timers made by a callback come after those that were due already. Strong guarantee.
  /// \param where  where it is made, for readers.
  template <class F>
  timer_node* schedule(std::int64_t deadline, F&& callable,
                       std::source_location where = std::source_location::current()) {
    using callee = std::decay_t<F>;
    constexpr bool is_inline = sizeof(callee) <= timer_node::capacity && alignof(callee) <= alignof(void*);
    constexpr bool has_room = !is_inline || sizeof(callee) <= timer_node::place_at;
    timer_node* node = allocate();
    try {
      if constexpr (is_inline) {
        ::new (static_cast<void*>(node->storage)) callee(std::forward<F>(callable));
        node->code = &code_of<callee>;
      } else {
        using boxed = owned<callee>;
        ::new (static_cast<void*>(node->storage)) boxed(new callee(std::forward<F>(callable)));
        node->code = &code_of<boxed>;
      }
    } catch (...) {
      give_back(node);
      throw;
    }
    node->deadline = deadline < floor_ ? floor_ : deadline;
    node->sequence = last_sequence_ += sequence_step;
    if constexpr (has_room) {
      ::new (static_cast<void*>(node->storage + timer_node::place_at)) std::source_location(where);
    } else {
      node->sequence += number_of(where);
    }
    insert_new(node);
    return node;
  }

  /// Destroys the timer's callable, unless the timer has fired, is firing or was cancelled already. Returns whether it
  /// did.
  bool cancel(timer_node* node, std::uint64_t sequence) noexcept;

  /// Moves a waiting timer to another deadline, as in `schedule`; among equal deadlines it keeps its place. Returns whether
  /// the new deadline is earlier, so that the queue has to be looked at. Strong guarantee; allocates only if it is earlier.
  bool move(timer_node* node, std::int64_t deadline) {
    if (deadline < floor_) deadline = floor_;
    if (deadline < node->deadline) {
      move_earlier(node, deadline);
      return true;
    }
    node->deadline = deadline;
    return false;
  }

  /// Whether this very timer is still waiting.
  [[nodiscard]] static bool waiting(const timer_node* node, std::uint64_t sequence) noexcept {
    return node->sequence == sequence;
  }

  /// When to look again: never later than the earliest deadline; exact if that timer is near or few others share its
  /// list. Requires !empty().
  [[nodiscard]] std::int64_t next_look() noexcept;

  /// Whether a timer with this deadline was due at the time of the last `take_due`.
  [[nodiscard]] bool due_by_last_look(std::int64_t deadline) const noexcept { return deadline <= floor_; }

  /// Takes the next timer whose deadline is at most `now` and which was made before `limit`; nullptr when there is
  /// none. The caller runs it with `run`.
  [[nodiscard]] timer_node* take_due(std::int64_t now, std::uint64_t limit);

  /// A limit for `take_due`: timers made from here on are not taken.
  [[nodiscard]] std::uint64_t limit() const noexcept { return last_sequence_ + sequence_step; }

  /// Where the timer that `take_due` returned last was made, if that is known.
  [[nodiscard]] std::source_location place_of_taken(const timer_node& node) const noexcept;

  /// Runs a timer that `take_due` returned, then destroys its callable. What the callable throws passes through.
  void run(timer_node* node);

  /// Destroys all callables without calling them.
  void clear() noexcept;

 private:
  template <class>
  friend struct look_access;

  struct entry {
    std::int64_t deadline;
    std::uint64_t sequence;
    timer_node* node;
    bool operator<(const entry& other) const noexcept {
      return deadline != other.deadline ? deadline < other.deadline : sequence < other.sequence;
    }
    /// Whether it is of no use: the timer is over, in the wheel, or has an entry that is earlier.
    [[nodiscard]] bool stale() const noexcept {
      return node->sequence != sequence || node->link || node->deadline < deadline;
    }
  };

  static constexpr int tick_shift = 20;  // a tick is 2^20 ns, 1.05 ms
  static constexpr int level_shift = 8;
  static constexpr int slot_count = 1 << level_shift;
  static constexpr int words = slot_count / 64;
  static constexpr int levels = 6;
  static constexpr std::size_t slab_nodes = 128;

  static constexpr std::uint64_t sequence_step = 4096;          // below it is the number of a place, ...
  static constexpr std::uint64_t place_is_here = 0;             // ... or this: the place lies behind the callable
  static constexpr std::uint64_t unplaced = sequence_step - 1;  // there are too many places, or there is no memory

  template <class F>
  static void code_of(timer_node& node, bool run) {
    F& callable = *std::launder(reinterpret_cast<F*>(node.storage));
    struct destroyer {
      F& callable;
      ~destroyer() { callable.~F(); }
    } guard{callable};
    if (!run) return;
    if constexpr (std::is_invocable_v<F>) {
      detail::invoke(std::move(callable));
    } else {
      detail::invoke(std::move(*callable));
    }
  }

  static std::uint64_t tick_of(std::int64_t nanoseconds) noexcept {
    return nanoseconds < 0 ? 0 : static_cast<std::uint64_t>(nanoseconds) >> tick_shift;
  }

  timer_node* allocate() {
    if (free_.empty()) [[unlikely]]
      add_slab();
    timer_node* node = free_.back();
    free_.pop_back();
    // Nodes come back in the order of cancelling, so with many timers each is a cache miss: prefetch it in time.
    if (free_.size() >= 12) __builtin_prefetch(free_[free_.size() - 12], 1);
    return node;
  }

  void give_back(timer_node* node) noexcept {
    node->sequence = 0;
    free_.push_back(node);  // there is room for every node
  }

  void insert_new(timer_node* node) {
    const std::uint64_t tick = tick_of(node->deadline);
    if (tick > tick_) {
      link(node, tick);
    } else {
      node->link = nullptr;
      push_new(node);
    }
    ++live_;
  }

  void link(timer_node* node, std::uint64_t tick) noexcept {
    const int level = (63 - std::countl_zero(tick ^ tick_)) / level_shift;
    const auto slot = static_cast<std::size_t>((tick >> (level * level_shift)) & (slot_count - 1));
    timer_node*& head = wheel_[level][slot];
    node->next = head;
    node->link = &head;
    if (head) head->link = &node->next;
    head = node;
    occupied_[level][slot / 64] |= std::uint64_t{1} << (slot % 64);
  }

  static void unlink(timer_node* node) noexcept {
    *node->link = node->next;
    if (node->next) node->next->link = node->link;
  }

  /// The number of a place in `places_`, beginning with 1; or `unplaced`.
  std::uint64_t number_of(std::source_location where) noexcept {
    const auto key = std::bit_cast<std::uintptr_t>(where);
    const numbered& recent = recent_[key / 8 % recent_places];
    return recent.key == key ? recent.number : find_number(where);
  }

  void add_slab();
  std::uint64_t find_number(std::source_location where) noexcept;
  void move_earlier(timer_node* node, std::int64_t deadline);
  void push_new(timer_node* node);
  void push_near(timer_node* node, std::int64_t deadline);
  void pop_near() noexcept;
  void sift_down(std::size_t at, entry moving) noexcept;
  void settle_top() noexcept;
  void rebuild_if_worth_it() noexcept;
  void rebuild_near() noexcept;
  bool first_slot(int& level, std::size_t& slot, std::uint64_t& start) noexcept;
  bool advance(std::uint64_t to);

  std::uint64_t tick_;  // where the wheel stands: every linked timer's tick is greater, every near one's is not
                        // (unless `unfinished_`)
  std::int64_t floor_;  // the latest time that take_due was asked for
  std::uint64_t last_sequence_ = 0;
  std::uint64_t taken_ = 0;  // the sequence of the timer that take_due returned last
  bool unfinished_ = false;  // a list is moving to the near heap; stays true if memory ran out meanwhile
  std::size_t live_ = 0;
  std::size_t stale_ = 0;          // how many entries near_ has more than timers
  std::vector<timer_node*> free_;  // not a list through the nodes, which would cause one cache miss after the other
  std::vector<entry> near_;        // 4-ary heap
  std::uint64_t occupied_[levels][words] = {};  // a set bit may outlive its list's last timer; first_slot clears it
  timer_node* wheel_[levels][slot_count] = {};
  std::vector<timer_node*> slabs_;  // arrays, owned
  std::vector<std::source_location> places_;
  struct numbered {
    std::uintptr_t key = 0;
    std::uint64_t number = unplaced;
  };
  static constexpr std::size_t recent_places = 64;
  numbered recent_[recent_places] = {};
};

}  // namespace interloop::detail
