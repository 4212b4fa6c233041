// SPDX-License-Identifier: MIT
// What was noted of the exceptions that exist now, by the address of the exception object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace interloop::throw_traces {

/// What an exception object's type is destroyed by; null for trivial types.
using destructor = void (*)(void*);

/// Notes the addresses of an exception that is about to be thrown, until its object is destroyed.
///
/// \return  what the object has to be destroyed by instead, which forgets the note and then calls `own`; `own` itself where
///          there is no memory for a note. Any thread; throws nothing.
[[nodiscard]] destructor note(const void* thrown, destructor own, std::span<const std::uintptr_t> addresses) noexcept;

/// Copies what was noted, at most as much as there is room for, and returns how many that are; 0 where nothing was.
/// The object must not be destroyed meanwhile: whoever has a `std::exception_ptr` is safe. Any thread.
std::size_t noted(const void* thrown, std::span<std::uintptr_t> room) noexcept;

/// How many exceptions are noted now. Any thread.
[[nodiscard]] std::size_t count_notes() noexcept;

}  // namespace interloop::throw_traces
