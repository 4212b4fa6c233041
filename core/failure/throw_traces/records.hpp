// SPDX-License-Identifier: MIT
// The records of the exceptions that exist now, by the address of the exception object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace interloop::throw_traces {

/// The destructor of an exception object's type; null for trivial types.
using destructor = void (*)(void*);

/// Records the addresses of an exception that is about to be thrown, until its object is destroyed.
///
/// \return  the destructor to use instead, which removes the record and then calls `own`; `own` itself if there is no
///          memory for a record. Any thread; throws nothing.
[[nodiscard]] destructor note(const void* thrown, destructor own, std::span<const std::uintptr_t> addresses) noexcept;

/// Copies the recorded addresses, as many as there is room for, and returns their number; 0 if there is no record. The
/// object must not be destroyed meanwhile: holding a `std::exception_ptr` is enough. Any thread.
std::size_t noted(const void* thrown, std::span<std::uintptr_t> room) noexcept;

/// How many exceptions are recorded now. Any thread.
[[nodiscard]] std::size_t count_notes() noexcept;

}  // namespace interloop::throw_traces
