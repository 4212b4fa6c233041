// SPDX-License-Identifier: MIT
// The demonstration's comparison: the same work directly on hiredis, with callbacks. It does not use interloop; the caller
// chooses the adapter, that which hiredis ships for a loop or `interloop::redis::attach`.
#pragma once

#include "measure.hpp"

#include <hiredis/async.h>

#include <memory>
#include <string_view>
#include <vector>

namespace demo {

class peer {
 public:
  /// Connects; exits with a message if it cannot even begin to. The caller attaches `context()` to its loop, calls
  /// `start`, and runs the loop.
  /// \param finished  called once, with `data`: ends the loop's run.
  peer(int argc, char** argv, void (*finished)(void*), void* data);
  ~peer();

  [[nodiscard]] redisAsyncContext* context() const noexcept { return context_; }
  void start();

  /// Writes the results; returns the exit status.
  [[nodiscard]] int report(std::string_view loop, std::string_view style);

 private:
  /// One command in flight at a time: SET an item, GET it, compare, continue with the next.
  struct lane {
    peer* owner;
    item mine;
    measurement::clock::time_point sent;

    void next();
    void read_back();
    void give_up();
    static void stored(redisAsyncContext*, void* reply, void* self);
    static void got(redisAsyncContext*, void* reply, void* self);
  };

  void finish();

  options given_;
  void (*finished_)(void*);
  void* data_;
  redisAsyncContext* context_;
  std::unique_ptr<measurement> measured_;
  std::vector<lane> lanes_;
  std::size_t running_ = 0;
};

}  // namespace demo
