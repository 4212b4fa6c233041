// SPDX-License-Identifier: MIT
// Where an exception was thrown: the native stack at its `throw`. And where it was caught.
//
// A program that links with the target `interloop::throw_traces` records return addresses at each `throw` in the
// process, in less than half a microsecond. `failure_format_traceback` then shows them; this header gives them as data.
// Without the target nothing is recorded at a `throw`, and none is slower; a failure that is made in a handler then
// keeps the handler's stack instead. See docs/tracebacks.md.
#pragma once

#include <interloop/failure.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace interloop {

/// A function that was being executed at a `throw` or in a handler.
struct stack_frame {
  /// The return address into it, which is the address after its call. 0 if unknown.
  std::uintptr_t address = 0;
  /// As a person writes it; empty if the binary does not tell.
  std::string function;
  /// The source file as it was passed to the compiler, made absolute; empty without debug information.
  std::string file;
  /// The line in it, 1 being the first; 0 if `file` is empty.
  unsigned line = 0;
  /// The file of the program or shared library; empty if it has been unloaded since.
  std::string module;
  /// `address` relative to where the module begins, fit for `addr2line -e <module>` after subtracting 1.
  std::uintptr_t offset = 0;
  /// Whether the compiler inlined the function into the next one; then both have the same address.
  bool inlined = false;
};

/// The return addresses at the `throw` of an exception, innermost first, at most 128. Empty if none were recorded:
/// without the target, for an exception made by `std::make_exception_ptr` (it was never thrown), if memory was short,
/// and for a null pointer. An exception that is thrown again by `throw;` or `std::rethrow_exception` keeps its first
/// addresses.
///
/// Thread safety: any thread. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<std::uintptr_t> throw_addresses(const std::exception_ptr& exception);

/// The same with symbols, including inlined functions. They are looked up during the call, in the files of the program
/// and its libraries: tens of milliseconds for the first frame of a module, microseconds later. If a file has no
/// symbols, its frames have only `module` and `offset`.
///
/// Thread safety: any thread; callers wait for each other. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<stack_frame> throw_frames(const std::exception_ptr& exception);

/// The call stack of the handler that made the failure, innermost first, including the handler's own function: the
/// frames of `failure::catch_addresses()`, and empty if that is empty. Without `throw_traces` they have no `file` and
/// `line`.
///
/// Thread safety: any thread; callers wait for each other. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<stack_frame> catch_frames(const failure& fail);

}  // namespace interloop
