// SPDX-License-Identifier: MIT
#include <interloop/error.hpp>

#include <interloop/detail/same_build.hpp>

namespace interloop {

// Out of line: one vtable and one type_info each, so that exceptions are caught across shared libraries.
error::~error() = default;
usage_error::~usage_error() = default;
invalid_state::~invalid_state() = default;
cancelled_error::~cancelled_error() = default;
operation_cancelled::~operation_cancelled() = default;
timeout_error::~timeout_error() = default;
wrong_thread::~wrong_thread() = default;
loop_closed::~loop_closed() = default;
broken_promise::~broken_promise() = default;
channel_closed::~channel_closed() = default;
interrupted_error::~interrupted_error() = default;
reactor_stopped::~reactor_stopped() = default;

namespace detail {

const char INTERLOOP_CONTAINERS = 0;

void throw_usage(const char* what) { throw usage_error(what); }
void throw_invalid_state(const char* what) { throw invalid_state(what); }
void throw_loop_closed(const char* what) { throw loop_closed(what); }
void throw_wrong_thread(const char* function) {
  throw wrong_thread(std::string(function) + " was called outside the loop's thread; post() a function that calls it");
}

}  // namespace detail
}  // namespace interloop
