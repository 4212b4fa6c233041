// SPDX-License-Identifier: MIT
// Calls that a Python loop makes into C++, in its thread, under the GIL.
#pragma once

#include "gil.hpp"

#include <interloop/loop.hpp>

#include <memory>

namespace interloop::python {

/// While it exists, what C++ queues on an asyncio loop is put off; at the end it is called, if the loop has nothing else
/// queued, and needs no other iteration of the loop.
class puts_off {
 public:
  explicit puts_off(PyObject* native);
  puts_off(const puts_off&) = delete;
  puts_off& operator=(const puts_off&) = delete;
  ~puts_off();

 private:
  bool begun_;
};

/// The same for a call that is not about C++ callbacks, which therefore run in a turn at its end. Of a loop that rides on
/// asyncio.
class native_call {
 public:
  explicit native_call(const loop& core);
  native_call(const native_call&) = delete;
  native_call& operator=(const native_call&) = delete;
  ~native_call();

 private:
  puts_off queue_;
  std::shared_ptr<void> port_;  // null if it has closed
};

}  // namespace interloop::python
