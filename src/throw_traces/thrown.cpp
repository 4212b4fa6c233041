// SPDX-License-Identifier: MIT
#include "thrown.hpp"

#include <interloop/detail/throw_hooks.hpp>

#include "capture.hpp"
#include "symbols.hpp"

#include <array>
#include <cerrno>

namespace interloop::throw_traces {

namespace {

constinit const detail::throw_hooks hooks{&noted, &symbols};
[[maybe_unused]] const bool linked = (detail::set_throw_hooks(hooks), true);

}  // namespace

destructor thrown(void* object, destructor own, const void* frame) noexcept {
  const int error = errno;  // what is thrown may be about it, and whoever catches it look
  std::array<std::uintptr_t, detail::most_throw_addresses> room;
  const std::size_t count = capture(frame, room);
  const destructor by = note(object, own, {room.data(), count});
  errno = error;
  return by;
}

}  // namespace interloop::throw_traces
