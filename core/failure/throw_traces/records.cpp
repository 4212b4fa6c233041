// SPDX-License-Identifier: MIT
// A hash table in 64 parts, each with a lock of its own, so that throwing threads seldom meet. Nothing here relies on a
// constructor or destructor having run: exceptions are thrown before `main` begins and after it has ended.
#include "records.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <type_traits>
#include <utility>

namespace interloop::throw_traces {

namespace {

struct record {
  record* next;
  const void* thrown;
  destructor own;
  std::size_t count;
  // The addresses follow.
  [[nodiscard]] std::uintptr_t* addresses() noexcept { return reinterpret_cast<std::uintptr_t*>(this + 1); }
};

class alignas(64) part {
 public:
  // Takes over the record; false if memory is short. An existing record for the same object belongs to an exception
  // that was freed without being destroyed.
  bool insert(record* fresh, std::size_t hash) noexcept {
    const std::lock_guard lock(mutex_);
    if (count_ >= 2 * size_) grow();
    if (size_ == 0) {
      std::free(fresh);
      return false;
    }
    record** place = find(fresh->thrown, hash);
    if (*place) {
      std::free(std::exchange(*place, (*place)->next));
      --count_;
    }
    fresh->next = std::exchange(buckets_[hash & (size_ - 1)], fresh);
    ++count_;
    return true;
  }
  record* remove(const void* thrown, std::size_t hash) noexcept {
    const std::lock_guard lock(mutex_);
    if (size_ == 0) return nullptr;
    record** place = find(thrown, hash);
    record* found = *place;
    if (found) {
      *place = found->next;
      --count_;
    }
    return found;
  }
  std::size_t read(const void* thrown, std::size_t hash, std::span<std::uintptr_t> room) noexcept {
    const std::lock_guard lock(mutex_);
    if (size_ == 0) return 0;
    record* found = *find(thrown, hash);
    if (!found) return 0;
    const std::size_t count = std::min(found->count, room.size());
    std::copy_n(found->addresses(), count, room.begin());
    return count;
  }
  std::size_t count() noexcept {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  std::mutex& mutex() noexcept { return mutex_; }

 private:
  record** find(const void* thrown, std::size_t hash) noexcept {
    record** place = &buckets_[hash & (size_ - 1)];
    while (*place && (*place)->thrown != thrown) place = &(*place)->next;
    return place;
  }
  // If memory is short, the table stays as it is, with longer chains.
  void grow() noexcept;

  std::mutex mutex_;
  record** buckets_ = nullptr;
  std::size_t size_ = 0;  // a power of two
  std::size_t count_ = 0;
};
static_assert(std::is_trivially_destructible_v<part>, "exceptions outlive statics");

constexpr std::size_t part_bits = 6;
constinit part parts[1U << part_bits];

std::size_t hash_of(const void* thrown) noexcept {
  return (reinterpret_cast<std::uintptr_t>(thrown) >> 4U) * 0x9e3779b97f4a7c15U >> 8U;
}
part& part_of(std::size_t hash) noexcept { return parts[hash >> (56U - part_bits)]; }

void part::grow() noexcept {
  const std::size_t size = size_ == 0 ? 16 : size_ * 2;
  auto** buckets = static_cast<record**>(std::calloc(size, sizeof(record*)));
  if (!buckets) return;
  for (std::size_t i = 0; i < size_; ++i) {
    while (record* each = buckets_[i]) {
      buckets_[i] = each->next;
      each->next = std::exchange(buckets[hash_of(each->thrown) & (size - 1)], each);
    }
  }
  std::free(buckets_);
  buckets_ = buckets;
  size_ = size;
}

// A child process has one thread; a lock held by another one would never be released.
[[maybe_unused]] const int forks_safely = ::pthread_atfork(
    [] {
      for (part& each : parts) each.mutex().lock();
    },
    [] {
      for (part& each : parts) each.mutex().unlock();
    },
    [] {
      for (part& each : parts) each.mutex().unlock();
    });

// Destroys an exception object that has a record.
void destroy(void* thrown) {
  const std::size_t hash = hash_of(thrown);
  record* found = part_of(hash).remove(thrown, hash);
  if (!found) return;
  const destructor own = found->own;
  std::free(found);
  if (own) own(thrown);
}

}  // namespace

destructor note(const void* thrown, destructor own, std::span<const std::uintptr_t> addresses) noexcept {
  auto* fresh = static_cast<record*>(std::malloc(sizeof(record) + addresses.size_bytes()));
  if (!fresh) return own;
  *fresh = {nullptr, thrown, own, addresses.size()};
  std::memcpy(fresh->addresses(), addresses.data(), addresses.size_bytes());
  const std::size_t hash = hash_of(thrown);
  return part_of(hash).insert(fresh, hash) ? &destroy : own;
}

std::size_t noted(const void* thrown, std::span<std::uintptr_t> room) noexcept {
  const std::size_t hash = hash_of(thrown);
  return part_of(hash).read(thrown, hash, room);
}

std::size_t count_notes() noexcept {
  std::size_t all = 0;
  for (part& each : parts) all += each.count();
  return all;
}

}  // namespace interloop::throw_traces
