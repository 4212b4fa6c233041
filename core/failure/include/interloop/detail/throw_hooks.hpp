// SPDX-License-Identifier: MIT
// The sources of tracebacks: the frames in failures, and the hooks by which the target `throw_traces`, if it is linked,
// gives its data to the core.
#pragma once

#include <interloop/throw_traces.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <span>
#include <string>
#include <vector>

namespace interloop::detail {

struct throw_hooks {
  /// Copies the addresses recorded for the exception object at `thrown` to `room`, innermost first, and returns how
  /// many there are.
  std::size_t (*addresses)(const void* thrown, std::span<std::uintptr_t> room) noexcept;
  /// Appends the frames of an address, innermost first, from debug information; returns false if no file contains the
  /// address. The last argument says that libraries were loaded or unloaded. Null if built without libdw. One thread at
  /// a time.
  bool (*debug_information)(std::vector<stack_frame>& frames, std::uintptr_t address, bool reload);
};

/// Called once, before `main`, by the target. `hooks` must live forever.
void set_throw_hooks(const throw_hooks& hooks) noexcept;

/// Whether `set_throw_hooks` was called.
[[nodiscard]] bool throws_are_noted() noexcept;

/// The frames of an exception that a reader needs, innermost first: a line each, `file:line in function`. Omits frames
/// inside interloop and the standard library's internals, and those of the native loop that called them all.
[[nodiscard]] std::vector<std::string> throw_lines(const std::exception_ptr& exception);

/// The same for the frames from a catch, without the frame of the function that `where` already names, if known.
[[nodiscard]] std::vector<std::string> catch_lines(std::span<const std::uintptr_t> addresses,
                                                   const std::source_location& where);

}  // namespace interloop::detail
