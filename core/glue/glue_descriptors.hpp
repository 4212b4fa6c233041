// SPDX-License-Identifier: MIT
// The descriptors that a library waits for: who wants what, and the watches that follow from it.
#pragma once

#include <interloop/function.hpp>
#include <interloop/interest.hpp>
#include <interloop/watch.hpp>

#include <memory>
#include <vector>

namespace interloop {
class failure;
class loop;
}  // namespace interloop

namespace interloop::detail {

class glue_state;

/// What is told is only written down; `settle` tells the loop. Entries are erased there alone, so that they stay valid
/// while a watch is changed, which may run an exception handler.
class glue_descriptors {
 public:
  explicit glue_descriptors(glue_state& owner) noexcept : owner_(owner) {}

  /// \param posted  the descriptor may be closed by now.
  void want(int fd, interest wanted, void* party, bool posted);
  void forget(int fd, void* party) noexcept;

  /// Between these two calls, what is wanted is everything that is wanted.
  void begin_asking() noexcept;
  void end_asking() noexcept;

  /// Makes the watches what is wanted. Failures go to the owner.
  void settle(loop& core) noexcept;

  /// Ends all watches.
  void stop() noexcept;

  /// What this party wants of the descriptor now.
  [[nodiscard]] interest wanted(int fd, const void* party) const noexcept;
  /// The parties of a descriptor, which may change while they are called. The first, without an allocation, if there
  /// are no others.
  struct parties {
    void* only = nullptr;
    std::vector<void*> several;
    bool any = false;
  };
  [[nodiscard]] parties parties_of(int fd) const;

 private:
  struct party {
    void* key;
    interest wanted;
  };
  struct entry {
    explicit entry(int number) noexcept : fd(number) {}
    int fd;
    bool changed = false;    // it is in changed_
    bool anew = false;       // the number may be another file's
    bool mentioned = false;  // since begin_asking
    bool posted = false;
    std::vector<party> parties;
    fd_watch watch;
  };

  [[nodiscard]] std::vector<std::unique_ptr<entry>>::const_iterator place_of(int fd) const noexcept;
  [[nodiscard]] entry* find(int fd) const noexcept;
  void note(entry& it);
  void apply(loop& core, entry& it);

  glue_state& owner_;
  std::vector<std::unique_ptr<entry>> entries_;  // by number
  std::vector<int> changed_;                     // with room for all entries
  bool asking_ = false;
  bool settling_ = false;
};

}  // namespace interloop::detail
