// SPDX-License-Identifier: MIT
// The sockets that libcurl wants to be watched, and their watches.
//
// libcurl says what it wants while a call into it is running, often several things about one number: it closes a
// socket, gets the same number for the next one, and announces that, all in one call, and does not tell about the
// closing of sockets that were not connected yet. So what it says is only noted during the call. After it, each number
// that was mentioned gets what is right by then, always by a new native watch if the number may be another file's.
#pragma once

#include <interloop/api.hpp>

#include <unordered_map>
#include <vector>

namespace interloop::http {

class descriptors {
 public:
  using handler = void (*)(void* who, int fd, interest ready);

  descriptors(const api& loop, handler call, void* who) noexcept : loop_(loop), call_(call), who_(who) {}

  /// libcurl opened a socket, so whatever had this number is closed. Only notes it.
  void opened(int fd);
  /// libcurl wants this to be watched. Only notes it.
  void wanted(int fd, interest directions);
  /// libcurl does not want this to be watched any more; perhaps it is closed. Only notes it.
  void unwanted(int fd);

  /// Watches what was noted. Throws what `loop::watch` throws; what was noted so far about other numbers is kept.
  void apply();

  /// Ends all watches.
  void clear() noexcept;

 private:
  struct entry {
    fd_watch watch;
    interest directions = interest::none;
    interest watched = interest::none;
    bool asked = false;    // libcurl wants it to be watched
    bool renewed = false;  // perhaps another file by now
    bool noted = false;    // is in noted_
  };
  entry& note(int fd);

  api loop_;
  handler call_;
  void* who_;
  std::unordered_map<int, entry> all_;
  std::vector<int> noted_;
};

}  // namespace interloop::http
