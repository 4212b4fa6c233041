// SPDX-License-Identifier: MIT
// From where an exception was thrown: the native stack at its `throw`. And from where it was caught.
//
// Whoever links with the target `interloop::throw_traces` has return addresses noted at each `throw` of the process, in
// less than half a microsecond. `failure_format_traceback` then shows them; this header is for those who want them as data.
// Without the target nothing is noted there, and no throw is slower; a failure that is made in a handler then keeps the
// stack of that instead. See docs/tracebacks.md.
#pragma once

#include <interloop/failure.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace interloop {

/// A function that was being executed at a `throw` or in a handler.
struct stack_frame {
  /// The return address into it, which is the address after its call. 0 for unknown.
  std::uintptr_t address = 0;
  /// As a person writes it; empty where the binary does not tell.
  std::string function;
  /// The source file as the compiler was given it, made absolute; empty where there is no debug information.
  std::string file;
  /// The line in it, 1 being the first; 0 where `file` is empty.
  unsigned line = 0;
  /// The file of the program or shared library; empty where it was unloaded since.
  std::string module;
  /// `address` relative to where the module begins, fit for `addr2line -e <module>` after subtracting 1.
  std::uintptr_t offset = 0;
  /// Whether the compiler put the function into the next one; then both have one address.
  bool inlined = false;
};

/// The return addresses at the `throw` of an exception, innermost first, at most 128. Empty where none were noted: without
/// the target, for what `std::make_exception_ptr` made (it was never thrown), and where there was no memory. What is thrown
/// again by `throw;` or `std::rethrow_exception` keeps its first ones. A null pointer has none.
///
/// Thread safety: any thread. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<std::uintptr_t> throw_addresses(const std::exception_ptr& exception);

/// The same with symbols, functions that were inlined included. They are looked up now, in the files of the program and
/// its libraries: tens of milliseconds for the first of a module, microseconds later. Where a file has no symbols, frames have
/// `module` and `offset` only.
///
/// Thread safety: any thread; callers wait for each other. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<stack_frame> throw_frames(const std::exception_ptr& exception);

/// The functions from which the handler was called that made the failure, innermost first, that one included: those of
/// `failure::catch_addresses()`, and empty where that is. Without `throw_traces` they have no `file` and `line`.
///
/// Thread safety: any thread; callers wait for each other. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<stack_frame> catch_frames(const failure& fail);

}  // namespace interloop
