// SPDX-License-Identifier: MIT
#include <interloop/throw_traces.hpp>

#include <interloop/detail/readable.hpp>
#include <interloop/detail/throw_hooks.hpp>

#include "core/failure/stack/capture.hpp"
#include "core/failure/stack/symbols.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstring>
#include <string_view>

namespace interloop {

namespace {

std::atomic<const detail::throw_hooks*> linked{nullptr};

// The address of the exception object. In libstdc++ and libc++ an exception_ptr is just a pointer to it, and the
// standard offers no other way that works for objects of unknown type.
const void* object_of(const std::exception_ptr& exception) noexcept {
  static_assert(sizeof(std::exception_ptr) == sizeof(void*));
  const void* object = nullptr;
  std::memcpy(&object, static_cast<const void*>(&exception), sizeof object);
  return object;
}

// Whether it comes from the standard library's headers. The file decides, because names of inlined functions are often
// not qualified.
bool is_standard(const stack_frame& frame) {
  if (frame.file.empty()) return frame.function.starts_with("std::");
  const auto headers = frame.file.find("/include/");
  return headers != std::string::npos && frame.file.find("/c++/", headers) != std::string::npos;
}

// Whether it comes from interloop's headers and sources; the file decides, for the same reason.
bool is_ours(const stack_frame& frame) {
  constexpr std::string_view here = __FILE__;
  constexpr std::string_view project = here.substr(0, here.rfind("core/failure/"));
  if (frame.file.find("/include/interloop/") != std::string::npos) return true;
  if (!project.starts_with('/') || !frame.file.starts_with(project)) return false;
  const auto inside = std::string_view(frame.file).substr(project.size());
  if (inside.find("/tests/") != inside.npos || inside.find("/examples/") != inside.npos) return false;
  for (const std::string_view folder : {"core/", "conformance/", "logging/", "loops/"})
    if (inside.starts_with(folder)) return true;
  return false;
}

// What is of no interest to a reader: how interloop and the standard library call functions, and throw.
bool is_plumbing(const stack_frame& frame) {
  if (is_ours(frame)) return true;
  constexpr std::string_view functions[] = {"interloop::detail::",
                                            "interloop::loop::",
                                            "interloop::failure::failure(",
                                            "interloop::create_f",  // failure, future_error
                                            "interloop::reject<",
                                            "interloop::as_future<",
                                            "interloop::api::",
                                            "interloop_resumes",  // g++ does not qualify inlined names
                                            "std::__invoke",
                                            "std::invoke",
                                            "std::__apply_impl",
                                            "std::apply<",
                                            "std::_Function_handler",
                                            "std::__n4861::coroutine_handle",
                                            "std::coroutine_handle",
                                            "std::__throw_",
                                            "std::throw_with_nested<",
                                            "std::rethrow_exception(",
                                            "throw_with_nested<",
                                            "__pthread_once",  // inside std::call_once, and so std::async
                                            "__invoke",
                                            "invoke<"};  // g++ does not qualify inlined names
  constexpr std::string_view runtimes[] = {"libstdc++.so", "libc++.so", "libc++abi.so"};
  const std::string_view module(frame.module);
  const std::string_view file = module.substr(module.rfind('/') + 1);  // all of it if there is no slash
  return std::any_of(std::begin(functions), std::end(functions),
                     [&](auto each) { return frame.function.starts_with(each); }) ||
         std::any_of(std::begin(runtimes), std::end(runtimes), [&](auto each) { return file.starts_with(each); });
}

// The native loop calls the former, and the system calls those of a thread; frames further out are the same for every
// callback.
bool is_entrance(std::string_view function) {
  return function.starts_with("interloop::loop::turn(") || function.starts_with("interloop::loop::dispatch(") ||
         function == "start_thread" || function == "execute_native_thread_routine";
}

bool is_main(std::string_view function) {  // g++ makes main.cold
  return function == "main" || function.starts_with("main(") || function.starts_with("main.");
}

// A function's name without its parameters and template arguments, which compilers and linkers write differently.
std::string_view bare_name(std::string_view function) { return function.substr(0, function.find_first_of("(<[")); }

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

std::vector<stack_frame> frames_of(std::span<const std::uintptr_t> addresses) {
  if (addresses.empty()) return {};
  const detail::throw_hooks* hooks = linked.load(std::memory_order_acquire);
  std::vector<stack_frame> frames = stack::symbols(addresses, hooks ? hooks->debug_information : nullptr);
  for (stack_frame& each : frames) each.function = detail::readable_function(each.function);
  return frames;
}

std::vector<stack_frame> without_noise(const std::vector<stack_frame>& frames) {
  std::vector<stack_frame> kept;
  for (const stack_frame& each : frames) {
    if (is_entrance(each.function)) break;
    // From the standard library, only the function that threw (a vector's at(), say) is worth a line.
    if (!is_plumbing(each) && (kept.empty() || !is_standard(each))) kept.push_back(each);
    if (is_main(each.function)) break;
  }
  return kept;
}

std::vector<std::string> lines_of(const std::vector<stack_frame>& frames) {
  std::vector<std::string> lines;
  for (const stack_frame& each : frames) lines.push_back(line_of(each));
  return lines;
}

}  // namespace

std::vector<std::uintptr_t> throw_addresses(const std::exception_ptr& exception) {
  const detail::throw_hooks* hooks = linked.load(std::memory_order_acquire);
  if (!hooks || !exception) return {};
  std::array<std::uintptr_t, stack::most_addresses> room;
  const std::size_t count = hooks->addresses(object_of(exception), room);
  return {room.begin(), room.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::vector<stack_frame> throw_frames(const std::exception_ptr& exception) {
  const std::vector<std::uintptr_t> addresses = throw_addresses(exception);
  return frames_of(addresses);
}

std::vector<stack_frame> catch_frames(const failure& fail) { return frames_of(fail.catch_addresses()); }

namespace detail {

void set_throw_hooks(const throw_hooks& hooks) noexcept { linked.store(&hooks, std::memory_order_release); }

bool throws_are_noted() noexcept { return linked.load(std::memory_order_relaxed) != nullptr; }

std::vector<std::string> throw_lines(const std::exception_ptr& exception) {
  const std::vector<stack_frame> frames = throw_frames(exception);
  const std::vector<stack_frame> kept = without_noise(frames);
  return lines_of(kept.empty() ? frames : kept);
}

std::vector<std::string> catch_lines(std::span<const std::uintptr_t> addresses, const std::source_location& where) {
  std::vector<stack_frame> kept = without_noise(frames_of(addresses));
  if (where.line() != 0 && !kept.empty()) {
    // The function that made the failure. If the frame has no name, it is that function, because interloop adds none in
    // between.
    const std::string_view name = kept.front().function;
    if (name.empty() || bare_name(name) == bare_name(readable_function(where.function_name())))
      kept.erase(kept.begin());
  }
  return lines_of(kept);
}

}  // namespace detail
}  // namespace interloop
