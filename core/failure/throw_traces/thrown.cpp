// SPDX-License-Identifier: MIT
#include "thrown.hpp"

#include <interloop/detail/throw_hooks.hpp>

#include "core/failure/stack/capture.hpp"
#include "core/failure/stack/symbols.hpp"

#if INTERLOOP_WITH_LIBDW
#include "debug_info.hpp"
#endif

#include <array>
#include <cerrno>

namespace interloop::throw_traces {

namespace {

#if INTERLOOP_WITH_LIBDW
constexpr stack::debug_information debug_information = &append_by_debug_info;
#else
constexpr stack::debug_information debug_information = nullptr;
#endif
constinit const detail::throw_hooks hooks{&noted, debug_information};
[[maybe_unused]] const bool linked = (detail::set_throw_hooks(hooks), true);

}  // namespace

destructor thrown(void* object, destructor own, const void* frame) noexcept {
  const int error = errno;  // the exception may be about it, and its handler may read it
  std::array<std::uintptr_t, stack::most_addresses> room;
  const std::size_t count = stack::capture(frame, room);
  const destructor by = note(object, own, {room.data(), count});
  errno = error;
  return by;
}

}  // namespace interloop::throw_traces
