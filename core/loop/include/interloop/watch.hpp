// SPDX-License-Identifier: MIT
// A handle to a watched file descriptor.
#pragma once

#include <interloop/interest.hpp>

#include <utility>

namespace interloop {

class loop;
class watched_fd;

/// Keeps a descriptor watched: `loop::watch` makes it, and its destruction ends the watch. Movable; may be destroyed,
/// stopped or changed inside its own callback, and a run of the native loop nested in the callback does not call it
/// again. The descriptor stays the caller's.
///
/// A watch belongs to the file that the descriptor was then, not to its number. The file may be closed before the watch
/// is stopped, rebound, or given an interest again, if that happens before control returns to the native loop: many C
/// libraries close a descriptor, and open another of the same number, before they tell anyone. Otherwise the watch ends
/// when that is noticed: by the native loop, where the interest is set while the number is not open, or when the number
/// is watched again; the loop's exception handler then gets a report. Not every native loop notices.
/// The file is known by its device and inode. Those without an inode of their own (eventfd, timerfd) cannot be told
/// apart: if one takes the place of another, only `rebind` notices.
///
/// Thread safety: the loop's thread only. Errors: after the loop was closed all operations do nothing.
class fd_watch {
 public:
  fd_watch() noexcept = default;
  fd_watch(fd_watch&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  fd_watch& operator=(fd_watch&& other) noexcept {
    if (this != &other) {
      release();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~fd_watch() { release(); }

  /// Changes the directions that are reported; `interest::none` pauses. If the number is another file's by now, watches
  /// that file from here on, like `rebind`; also where the directions stay the same. Costs one `fstat`. Does nothing
  /// after the watch has ended. Errors: `error` if the native loop refuses.
  void set_interest(interest wanted);

  /// From now on watches another descriptor, or the same number, which may be another file's by now. The callback
  /// stays; the native loop always gets a new watch. Allowed in the callback. The old descriptor may be closed already.
  /// \param fd  as for `loop::watch`.
  /// Errors: `usage_error` as `loop::watch`, and if the watch has ended or the handle has none. A refusal changes
  /// nothing if it was found before the native loop was asked: for a descriptor that is not open, is a regular file, or
  /// has another watch. After an error of the native loop, the watch has ended.
  void rebind(int fd, interest wanted);

  /// Ends the watch, also if its descriptor was closed before. Idempotent. The callback is destroyed now, or when it
  /// returns if it is running.
  void stop() noexcept;

  /// Whether it still watches: not stopped, not moved from, and the loop is open.
  [[nodiscard]] bool active() const noexcept;

 private:
  friend class loop;
  explicit fd_watch(watched_fd* state) noexcept : state_(state) {}
  void release() noexcept;

  watched_fd* state_ = nullptr;
};

}  // namespace interloop
