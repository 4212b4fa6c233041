// SPDX-License-Identifier: MIT
// The timer structure that was not chosen: one 4-ary heap for all timers; cancelled ones are skipped when they come up,
// and it is rebuilt when they outnumber the others. Nodes are the same, and stored in the same way. Measured in
// timers.cpp; `docs/decisions/0002-timers.md` gives the reasons.
#pragma once

#include <interloop/loop.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

class timer_heap {
  using node_type = interloop::detail::timer_node;

 public:
  explicit timer_heap(std::int64_t) noexcept {}

  template <class F>
  node_type* schedule(std::int64_t deadline, F&& callable) {
    using callee = std::decay_t<F>;
    static_assert(sizeof(callee) <= node_type::capacity);
    if (free_.empty()) add_slab();
    node_type* node = free_.back();
    free_.pop_back();
    if (free_.size() >= 12) __builtin_prefetch(free_[free_.size() - 12], 1);
    ::new (static_cast<void*>(node->storage)) callee(std::forward<F>(callable));
    node->code = [](node_type& self, bool run) {
      callee& mine = *std::launder(reinterpret_cast<callee*>(self.storage));
      if (run) mine();
      mine.~callee();
    };
    node->deadline = deadline;
    node->sequence = ++last_sequence_;
    heap_.push_back({});
    sift_up(heap_.size() - 1, {deadline, node->sequence, node});
    return node;
  }

  bool cancel(node_type* node, std::uint64_t sequence) {
    if (node->sequence != sequence) return false;
    node->sequence = 0;
    node->code(*node, false);
    give_back(node);
    if (++stale_ > 64 && stale_ > heap_.size() / 2) rebuild();
    return true;
  }

  [[nodiscard]] std::uint64_t limit() const noexcept { return last_sequence_ + 1; }

  node_type* take_due(std::int64_t now, std::uint64_t limit) {
    while (!heap_.empty()) {
      const entry top = heap_.front();
      const bool stale = top.node->sequence != top.sequence;
      if (!stale && (top.deadline > now || top.sequence >= limit)) return nullptr;
      const entry last = heap_.back();
      heap_.pop_back();
      if (!heap_.empty()) sift_down(0, last);
      if (!stale) {
        top.node->sequence = 0;
        return top.node;
      }
      --stale_;
    }
    return nullptr;
  }

  void run(node_type* node) {
    node->code(*node, true);
    give_back(node);
  }

 private:
  struct entry {
    std::int64_t deadline;
    std::uint64_t sequence;
    node_type* node;
    bool operator<(const entry& other) const noexcept {
      return deadline != other.deadline ? deadline < other.deadline : sequence < other.sequence;
    }
  };

  void add_slab() {
    constexpr std::size_t count = 128;
    slabs_.emplace_back(new node_type[count]);
    for (std::size_t i = count; i-- > 0;) give_back(&slabs_.back()[i]);
  }
  void give_back(node_type* node) {
    node->sequence = 0;
    free_.push_back(node);
  }
  void sift_up(std::size_t at, entry moving) {
    while (at > 0 && moving < heap_[(at - 1) / 4]) {
      heap_[at] = heap_[(at - 1) / 4];
      at = (at - 1) / 4;
    }
    heap_[at] = moving;
  }
  void sift_down(std::size_t at, entry moving) {
    for (std::size_t first; (first = at * 4 + 1) < heap_.size();) {
      const std::size_t last = std::min(first + 4, heap_.size());
      std::size_t least = first;
      for (std::size_t child = first + 1; child < last; ++child)
        if (heap_[child] < heap_[least]) least = child;
      if (!(heap_[least] < moving)) break;
      heap_[at] = heap_[least];
      at = least;
    }
    heap_[at] = moving;
  }
  void rebuild() {
    std::erase_if(heap_, [](const entry& each) { return each.node->sequence != each.sequence; });
    stale_ = 0;
    for (std::size_t i = heap_.size() / 4 + 1; i-- > 0;)
      if (i < heap_.size()) sift_down(i, heap_[i]);
  }

  std::uint64_t last_sequence_ = 0;
  std::size_t stale_ = 0;
  std::vector<node_type*> free_;
  std::vector<entry> heap_;
  std::vector<std::unique_ptr<node_type[]>> slabs_;
};

}  // namespace bench
