// SPDX-License-Identifier: MIT
#include <interloop/throw_traces.hpp>

#include <interloop/detail/readable.hpp>
#include <interloop/detail/throw_hooks.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstring>
#include <string_view>

namespace interloop {

namespace {

std::atomic<const detail::throw_hooks*> linked{nullptr};

// Where the exception object is. An exception_ptr is one pointer to it, to libstdc++ and to libc++ alike, and the standard
// offers no other way to it that would do for objects of unknown type.
const void* object_of(const std::exception_ptr& exception) noexcept {
  static_assert(sizeof(std::exception_ptr) == sizeof(void*));
  const void* object = nullptr;
  std::memcpy(&object, static_cast<const void*>(&exception), sizeof object);
  return object;
}

// What a reader takes for granted: how interloop and the standard library call functions, and throw.
bool is_plumbing(const stack_frame& frame) {
  // g++ does not qualify the names of templates that it inlined.
  if (frame.inlined && frame.file.find("/interloop/detail/") != std::string::npos) return true;
  constexpr std::string_view functions[] = {"interloop::detail::",
                                            "interloop::loop::",
                                            "std::__invoke",
                                            "std::invoke",
                                            "std::__apply_impl",
                                            "std::apply<",
                                            "std::_Function_handler",
                                            "std::__n4861::coroutine_handle",
                                            "std::coroutine_handle",
                                            "std::__throw_",
                                            "__invoke",
                                            "invoke<"};  // g++ does not qualify what it inlined
  constexpr std::string_view runtimes[] = {"libstdc++.so", "libc++.so", "libc++abi.so"};
  const std::string_view module(frame.module);
  const std::string_view file = module.substr(module.rfind('/') + 1);  // all of it where there is no slash
  return std::any_of(std::begin(functions), std::end(functions),
                     [&](auto each) { return frame.function.starts_with(each); }) ||
         std::any_of(std::begin(runtimes), std::end(runtimes), [&](auto each) { return file.starts_with(each); });
}

// The native loop calls these; what is further out is the same for every callback.
bool is_entrance(std::string_view function) {
  return function.starts_with("interloop::loop::turn(") || function.starts_with("interloop::loop::dispatch(");
}

std::string line_of(const stack_frame& frame) {
  std::string text;
  if (frame.line != 0) {
    text.append(frame.file).append(1, ':').append(std::to_string(frame.line));
  } else {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   frame.module.empty() ? frame.address : frame.offset, 16);
    text.append(frame.module).append(frame.module.empty() ? "0x" : "+0x").append(digits.data(), end.ptr);
  }
  if (!frame.function.empty()) text.append(" in ").append(frame.function);
  return text;
}

}  // namespace

std::vector<std::uintptr_t> throw_addresses(const std::exception_ptr& exception) {
  const detail::throw_hooks* hooks = linked.load(std::memory_order_acquire);
  if (!hooks || !exception) return {};
  std::array<std::uintptr_t, detail::most_throw_addresses> room;
  const std::size_t count = hooks->addresses(object_of(exception), room);
  return {room.begin(), room.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::vector<stack_frame> throw_frames(const std::exception_ptr& exception) {
  const std::vector<std::uintptr_t> addresses = throw_addresses(exception);
  if (addresses.empty()) return {};
  std::vector<stack_frame> frames = linked.load(std::memory_order_acquire)->symbols(addresses);
  for (stack_frame& each : frames) each.function = detail::readable_function(each.function);
  return frames;
}

namespace detail {

void set_throw_hooks(const throw_hooks& hooks) noexcept { linked.store(&hooks, std::memory_order_release); }

std::vector<std::string> throw_lines(const std::exception_ptr& exception) {
  std::vector<std::string> lines;
  const std::vector<stack_frame> frames = throw_frames(exception);
  for (const stack_frame& each : frames) {
    if (is_entrance(each.function)) break;
    if (!is_plumbing(each)) lines.push_back(line_of(each));
  }
  if (lines.empty())
    for (const stack_frame& each : frames) lines.push_back(line_of(each));
  return lines;
}

}  // namespace detail
}  // namespace interloop
