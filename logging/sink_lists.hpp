// SPDX-License-Identifier: MIT
// The list of sinks: read without a lock by all threads at every message, and replaced now and then.
//
// A list is never changed, only replaced, and is destroyed after its last reader, so a sink that blocks delays nobody.
// A word says which list is current, and how many readers took it from that word and have not given it back. There are
// several such words, and each thread uses one of them, so that threads seldom contend. The thread that replaces the
// list adds up these counts in the old list's place, where the remaining readers are counted as they leave.
#pragma once

#include <interloop/logging/sink.hpp>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace interloop::detail {

struct sink_entry {
  std::shared_ptr<log_sink> sink;
  std::atomic<log_level> level;
  std::atomic<std::uint64_t> failures{0};
  sink_entry(std::shared_ptr<log_sink> to, log_level wanted) : sink(std::move(to)), level(wanted) {}
};

using sink_list = std::vector<std::shared_ptr<sink_entry>>;

class sink_lists {
  struct place {
    std::atomic<const sink_list*> list{nullptr};  // null: free
    std::atomic<std::int64_t> given_back{0};      // minus the readers at its replacement; back at 0: no reader is left
    void forget() noexcept {
      // In this order, because another thread may use the place at once, and the sinks' destructors may log.
      const std::unique_ptr<const sink_list> last(list.load(std::memory_order_relaxed));
      list.store(nullptr, std::memory_order_release);
    }
  };
  static constexpr std::size_t place_of(std::uint64_t value) noexcept { return value >> 32; }
  static constexpr std::int64_t readers_of(std::uint64_t value) noexcept {
    return static_cast<std::int64_t>(value & 0xffffffffU);
  }

  // The place's number in the upper half, readers in the lower.
  struct alignas(64) word {
    std::atomic<std::uint64_t> now{0};
    std::uint64_t take() noexcept {
      if (!alone()) return now.fetch_add(1, std::memory_order_acquire);
      const std::uint64_t value = now.load(std::memory_order_relaxed);
      now.store(value + 1, std::memory_order_relaxed);
      return value;
    }
    /// False if the list was replaced since. Release: the list is destroyed after everything that was done with it.
    bool give_back(std::uint64_t taken) noexcept {
      std::uint64_t value = now.load(std::memory_order_relaxed);
      while (place_of(value) == place_of(taken)) {
        if (alone()) {
          now.store(value - 1, std::memory_order_relaxed);
          return true;
        }
        if (now.compare_exchange_weak(value, value - 1, std::memory_order_release, std::memory_order_relaxed))
          return true;
      }
      return false;
    }
  };
  /// Whether this is the only thread, so that nothing needs to be atomic, which saves a tenth of a message's cost.
  static bool alone() noexcept {
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
  }

 public:
  /// Keeps a list until this is destroyed.
  class reader {
   public:
    reader(word& from, place* places) noexcept : word_(&from), taken_(from.take()), place_(&places[place_of(taken_)]) {}
    reader(reader&& other) noexcept
        : word_(other.word_), taken_(other.taken_), place_(std::exchange(other.place_, nullptr)) {}
    reader& operator=(reader other) noexcept {
      std::swap(word_, other.word_);
      std::swap(taken_, other.taken_);
      std::swap(place_, other.place_);
      return *this;
    }
    ~reader() {
      if (!place_ || word_->give_back(taken_)) return;
      if (place_->given_back.fetch_add(1, std::memory_order_acq_rel) == -1) place_->forget();
    }
    const sink_list& operator*() const noexcept { return *place_->list.load(std::memory_order_relaxed); }
    const sink_list* operator->() const noexcept { return &**this; }

   private:
    word* word_;
    std::uint64_t taken_;
    place* place_;
  };

  sink_lists() { places_[0].list.store(new sink_list, std::memory_order_relaxed); }
  sink_lists(const sink_lists&) = delete;
  sink_lists& operator=(const sink_lists&) = delete;
  /// Requires that nobody reads any more.
  ~sink_lists() { delete places_[current_].list.load(std::memory_order_acquire); }

  /// The current list. Any thread.
  [[nodiscard]] reader read() noexcept {
    static constinit thread_local unsigned mine = 0;  // trivial, so that it exists in every thread until the very end
    if (mine == 0) mine = threads_.fetch_add(1, std::memory_order_relaxed) % words + 1;
    return {words_[mine - 1], places_.data()};
  }

  /// Replaces the list: reads that begin later read the new one. One thread at a time. Errors: `std::bad_alloc`, also
  /// if blocked threads are still reading 255 old lists.
  void replace(std::unique_ptr<const sink_list> by) {
    std::size_t free = 0;
    while (free < places_.size() && places_[free].list.load(std::memory_order_acquire)) ++free;
    if (free == places_.size()) throw std::bad_alloc();
    places_[free].given_back.store(0, std::memory_order_relaxed);
    places_[free].list.store(by.release(), std::memory_order_relaxed);
    place& old = places_[std::exchange(current_, free)];
    std::int64_t readers = 0;
    for (word& each : words_)
      readers += readers_of(each.now.exchange(std::uint64_t{free} << 32, std::memory_order_acq_rel));
    if (old.given_back.fetch_sub(readers, std::memory_order_acq_rel) == readers) old.forget();
  }

 private:
  static constexpr unsigned words = 16;
  std::array<word, words> words_;
  std::array<place, 256> places_;
  std::size_t current_ = 0;
  std::atomic<unsigned> threads_{0};
};

}  // namespace interloop::detail
