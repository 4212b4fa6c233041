// SPDX-License-Identifier: MIT
#include <interloop/detail/timer_queue.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

namespace interloop::detail {

timer_queue::~timer_queue() {
  clear();
  for (timer_node* each : slabs_) delete[] each;
}

void timer_queue::add_slab() {
  const std::size_t all = (slabs_.size() + 1) * slab_nodes;
  if (free_.capacity() < all) free_.reserve(std::max(all, free_.capacity() * 2));
  constexpr std::size_t usual_places = 64;
  if (places_.capacity() == 0) places_.reserve(usual_places);
  // Default-initialised on purpose: only the sequence of a free node means anything.
  std::unique_ptr<timer_node[]> slab(new timer_node[slab_nodes]);
  slabs_.push_back(slab.get());
  timer_node* const nodes = slab.release();
  for (std::size_t i = slab_nodes; i-- > 0;) give_back(&nodes[i]);
}

std::uint64_t timer_queue::find_number(std::source_location where) noexcept {
  const auto key = std::bit_cast<std::uintptr_t>(where);
  const auto is_it = [key](const std::source_location& each) { return std::bit_cast<std::uintptr_t>(each) == key; };
  const auto found = std::find_if(places_.begin(), places_.end(), is_it);
  const auto number = static_cast<std::uint64_t>(found - places_.begin()) + 1;
  if (found == places_.end()) {
    if (number >= unplaced) return unplaced;
    try {
      places_.push_back(where);
    } catch (const std::bad_alloc&) {
      return unplaced;
    }
  }
  recent_[key / 8 % recent_places] = {key, number};
  return number;
}

void timer_queue::push_new(timer_node* node) {
  try {
    push_near(node, node->deadline);
  } catch (...) {
    node->code(*node, false);
    give_back(node);
    throw;
  }
}

void timer_queue::push_near(timer_node* node, std::int64_t deadline) {
  const entry moving{deadline, node->sequence, node};
  near_.push_back(moving);
  std::size_t at = near_.size() - 1;
  while (at > 0) {
    const std::size_t parent = (at - 1) / 4;
    if (!(moving < near_[parent])) break;
    near_[at] = near_[parent];
    at = parent;
  }
  near_[at] = moving;
}

void timer_queue::sift_down(std::size_t at, entry moving) noexcept {
  const std::size_t count = near_.size();
  for (;;) {
    const std::size_t first = at * 4 + 1;
    if (first >= count) break;
    const std::size_t last = std::min(first + 4, count);
    std::size_t least = first;
    for (std::size_t child = first + 1; child < last; ++child)
      if (near_[child] < near_[least]) least = child;
    if (!(near_[least] < moving)) break;
    near_[at] = near_[least];
    at = least;
  }
  near_[at] = moving;
}

void timer_queue::pop_near() noexcept {
  const entry last = near_.back();
  near_.pop_back();
  if (!near_.empty()) sift_down(0, last);
}

/// Afterwards the first entry, if there is one, is a timer's that is due at the entry's time.
void timer_queue::settle_top() noexcept {
  while (!near_.empty()) {
    const entry top = near_.front();
    if (top.stale()) {
      --stale_;
      pop_near();
    } else if (top.deadline < top.node->deadline) {
      pop_near();
      if (const std::uint64_t tick = tick_of(top.node->deadline); tick > tick_) {
        link(top.node, tick);
      } else {
        push_near(top.node, top.node->deadline);  // where there was room for the entry that was too early
      }
    } else {
      return;
    }
  }
}

void timer_queue::rebuild_near() noexcept {
  timer_node* none = nullptr;  // what the timers of entries that stay are linked into meanwhile: their others are stale
  std::size_t kept = 0;
  for (entry each : near_) {
    if (each.stale()) continue;
    if (const std::uint64_t tick = tick_of(each.node->deadline); tick > tick_) {
      link(each.node, tick);
      continue;
    }
    each.node->link = &none;
    each.deadline = each.node->deadline;
    near_[kept++] = each;
  }
  near_.erase(near_.begin() + static_cast<std::ptrdiff_t>(kept), near_.end());
  for (const entry& each : near_) each.node->link = nullptr;
  stale_ = 0;
  for (std::size_t i = near_.size() / 4 + 1; i-- > 0;)
    if (i < near_.size()) sift_down(i, near_[i]);
}

void timer_queue::rebuild_if_worth_it() noexcept {
  if (stale_ > 64 && stale_ > near_.size() / 2) rebuild_near();
}

void timer_queue::move_earlier(timer_node* node, std::int64_t deadline) {
  const std::uint64_t tick = tick_of(deadline);
  const bool far = tick > tick_;
  if (!far) push_near(node, deadline);
  if (node->link) {
    unlink(node);
    node->link = nullptr;
  } else {
    ++stale_;
  }
  node->deadline = deadline;
  if (far) {
    link(node, tick);
  } else {
    rebuild_if_worth_it();
  }
}

bool timer_queue::cancel(timer_node* node, std::uint64_t sequence) noexcept {
  if (node->sequence != sequence) return false;
  if (node->link) {
    unlink(node);
  } else {
    ++stale_;
  }
  node->sequence = 0;
  --live_;
  node->code(*node, false);  // user code: may schedule and cancel, but cannot reach this node
  give_back(node);
  rebuild_if_worth_it();
  return true;
}

bool timer_queue::first_slot(int& level, std::size_t& slot, std::uint64_t& start) noexcept {
  for (level = 0; level < levels; ++level) {
    for (std::size_t word = 0; word < words; ++word) {
      std::uint64_t& bits = occupied_[level][word];
      while (bits != 0) {
        slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        if (wheel_[level][slot]) {
          const int shift = level * level_shift;
          const std::uint64_t above = (tick_ >> (shift + level_shift)) << (shift + level_shift);
          start = above | (static_cast<std::uint64_t>(slot) << shift);
          return true;
        }
        bits &= bits - 1;
      }
    }
  }
  return false;
}

bool timer_queue::advance(std::uint64_t to) {
  int level;
  std::size_t slot;
  std::uint64_t start;
  if (!first_slot(level, slot, start) || start > to) {
    if (to > tick_) tick_ = to;
    unfinished_ = false;
    return false;
  }
  tick_ = start;
  unfinished_ = true;
  timer_node*& head = wheel_[level][slot];
  while (timer_node* node = head) {
    // May throw: the timer then stays in the very first slot, for the next turn. So only that slot is emptied here;
    // timers of higher levels move to lower ones, to the first if they are due. A timer whose deadline was moved is filed
    // anew.
    const std::uint64_t tick = tick_of(node->deadline);
    const bool near = level == 0 && tick == tick_;
    if (near) push_near(node, node->deadline);
    unlink(node);
    node->link = nullptr;
    if (!near) link(node, tick);
  }
  if (level == 0) unfinished_ = false;
  return true;
}

std::int64_t timer_queue::next_look() noexcept {
  if (unfinished_) return floor_;
  settle_top();
  if (!near_.empty()) return near_.front().deadline;
  int level;
  std::size_t slot;
  std::uint64_t start;
  while (first_slot(level, slot, start)) {
    // A lone timer should cost one native wake-up, so a short list is searched; for a long one, wake up when it begins.
    constexpr int few = 8;
    int seen = 0;
    const std::uint64_t last = start | ((std::uint64_t{1} << (level * level_shift)) - 1);
    std::int64_t earliest = (std::numeric_limits<std::int64_t>::max)();
    for (timer_node* node = wheel_[level][slot]; node;) {
      if (++seen > few) return static_cast<std::int64_t>(start << tick_shift);
      timer_node* const next = node->next;
      if (const std::uint64_t tick = tick_of(node->deadline); tick > last) {
        unlink(node);
        link(node, tick);
      } else {
        earliest = std::min(earliest, node->deadline);
      }
      node = next;
    }
    if (wheel_[level][slot]) return earliest;
  }
  return (std::numeric_limits<std::int64_t>::max)();
}

timer_node* timer_queue::take_due(std::int64_t now, std::uint64_t limit) {
  floor_ = std::max(floor_, now);
  do settle_top();
  while ((near_.empty() || unfinished_) && advance(tick_of(now)));
  if (near_.empty()) return nullptr;
  const entry top = near_.front();
  if (top.deadline > now || top.sequence >= limit) return nullptr;
  pop_near();
  top.node->sequence = 0;
  taken_ = top.sequence;
  --live_;
  return top.node;
}

std::source_location timer_queue::place_of_taken(const timer_node& node) const noexcept {
  const std::uint64_t number = taken_ % sequence_step;
  if (number != place_is_here) return number <= places_.size() ? places_[number - 1] : std::source_location{};
  std::source_location where;
  std::memcpy(static_cast<void*>(&where), node.storage + timer_node::place_at, sizeof where);
  return where;
}

void timer_queue::run(timer_node* node) {
  struct returner {
    timer_queue& queue;
    timer_node* node;
    ~returner() { queue.give_back(node); }
  } guard{*this, node};
  node->code(*node, true);
}

void timer_queue::clear() noexcept {
  // A callable's destructor may cancel others: always take the one that is first now.
  while (live_ != 0) {
    timer_node* node = nullptr;
    settle_top();
    if (!near_.empty()) {
      node = near_.back().node;
      const bool stale = near_.back().stale();
      near_.pop_back();
      if (stale) {
        --stale_;
        continue;
      }
    } else {
      int level;
      std::size_t slot;
      std::uint64_t start;
      first_slot(level, slot, start);
      node = wheel_[level][slot];
      wheel_[level][slot] = node->next;
      if (node->next) node->next->link = &wheel_[level][slot];
    }
    node->sequence = 0;
    --live_;
    node->code(*node, false);
    give_back(node);
  }
}

}  // namespace interloop::detail
