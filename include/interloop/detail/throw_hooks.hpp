// SPDX-License-Identifier: MIT
// What tracebacks are written from: the frames that failures have, and how the target `throw_traces`, where it is linked,
// gives the core what it has. Row 0.
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
  /// Copies the addresses of the exception object at `thrown` to `room`, innermost first, and returns how many there are.
  std::size_t (*addresses)(const void* thrown, std::span<std::uintptr_t> room) noexcept;
  /// Appends the frames of an address, innermost first, as debug information has them; false where no file has the address.
  /// The last argument says that libraries came or went. Null where libdw was not there. One thread at a time.
  bool (*debug_information)(std::vector<stack_frame>& frames, std::uintptr_t address, bool reload);
};

/// Called once, before `main`, by the target. `hooks` live for ever.
void set_throw_hooks(const throw_hooks& hooks) noexcept;

/// Whether that was.
[[nodiscard]] bool throws_are_noted() noexcept;

/// What a reader needs of an exception's frames, innermost first: a line each, `file:line in function`. Without those
/// inside interloop and the standard library's plumbing, and without the native loop that called it all.
[[nodiscard]] std::vector<std::string> throw_lines(const std::exception_ptr& exception);

/// The same of the frames from a catch, without that of the function that `where` names already, if it is known.
[[nodiscard]] std::vector<std::string> catch_lines(std::span<const std::uintptr_t> addresses,
                                                   const std::source_location& where);

}  // namespace interloop::detail
