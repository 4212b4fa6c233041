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
/// again. The descriptor stays the caller's: stop the watch before closing it. A watch whose descriptor was closed ends
/// when that is noticed: by the native loop, in a call here, or when the number is watched again; the loop's exception
/// handler gets a report. (Descriptors without an inode of their own cannot be distinguished: if an eventfd or timerfd
/// takes the place of another one, that goes unnoticed.)
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

  /// Changes the directions that are reported; `interest::none` pauses. Throws `error` if the native loop refuses.
  void set_interest(interest wanted);

  /// From now on watches another descriptor, or the same number, which may be another file's by now. The callback
  /// stays; the native loop always gets a new watch. Allowed in the callback. The old descriptor may be closed already.
  /// Errors: `usage_error` as `loop::watch`. The watch has then ended, except if the error was found before anything
  /// changed: for a descriptor that is not open, is a regular file, or has another watch. Does nothing after the watch
  /// has ended or the loop was closed.
  void rebind(int fd, interest wanted);

  /// Ends the watch. Idempotent. The callback is destroyed now, or when it returns if it is running.
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
