// SPDX-License-Identifier: MIT
#include "symbols.hpp"

#include <interloop/detail/readable.hpp>

#if INTERLOOP_WITH_LIBDW
#include "debug_info.hpp"
#endif

#include <dlfcn.h>
#include <link.h>

#include <mutex>
#include <unordered_map>
#include <utility>

namespace interloop::throw_traces {

namespace {

// The same failure is written again and again; looking an address up takes a thousand times as long as this.
struct cache {
  std::unordered_map<std::uintptr_t, std::vector<stack_frame>> known;
  std::uint64_t changes = ~std::uint64_t{0};
};
constexpr std::size_t most_known = 4096;

// How many libraries were loaded and unloaded.
std::uint64_t count_changes() {
  std::uint64_t count = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* sum) {
        *static_cast<std::uint64_t*>(sum) = info->dlpi_adds + info->dlpi_subs;
        return 1;
      },
      &count);
  return count;
}

// What the dynamic linker knows without reading a file: exported functions.
stack_frame by_dynamic_symbols(std::uintptr_t address) {
  stack_frame frame;
  frame.address = address;
  Dl_info about{};
  if (::dladdr(reinterpret_cast<const void*>(address - 1), &about) == 0) return frame;
  if (about.dli_fname) frame.module = about.dli_fname;
  frame.offset = address - reinterpret_cast<std::uintptr_t>(about.dli_fbase);
  if (about.dli_sname) frame.function = detail::demangled(about.dli_sname);
  return frame;
}

std::vector<stack_frame> look_up(std::uintptr_t address, [[maybe_unused]] bool reload) {
  std::vector<stack_frame> found;
#if INTERLOOP_WITH_LIBDW
  if (append_by_debug_info(found, address, reload)) return found;
#endif
  found.push_back(by_dynamic_symbols(address));
  return found;
}

}  // namespace

std::vector<stack_frame> symbols(std::span<const std::uintptr_t> addresses) {
  static std::mutex mutex;  // libdw is not made for threads
  const std::lock_guard lock(mutex);
  static cache& looked_up = *new cache;  // never destroyed: a traceback may be written while the process ends
  const std::uint64_t changes = count_changes();
  const bool reload = std::exchange(looked_up.changes, changes) != changes;
  if (reload || looked_up.known.size() > most_known) looked_up.known.clear();
  bool first = reload;
  std::vector<stack_frame> frames;
  for (const std::uintptr_t each : addresses) {
    auto place = looked_up.known.find(each);
    if (place == looked_up.known.end())
      place = looked_up.known.emplace(each, look_up(each, std::exchange(first, false))).first;
    frames.insert(frames.end(), place->second.begin(), place->second.end());
  }
  return frames;
}

}  // namespace interloop::throw_traces
