// SPDX-License-Identifier: MIT
#include "symbols.hpp"

#include <interloop/detail/readable.hpp>

#include "loaded_file.hpp"

#if __has_include(<link.h>)
#include <link.h>
#endif

#include <mutex>
#include <unordered_map>
#include <utility>

namespace interloop::stack {

namespace {

// The same failure is often written repeatedly, and looking up an address takes a thousand times as long as this.
struct cache {
  std::unordered_map<std::uintptr_t, std::vector<stack_frame>> known;
  std::uint64_t changes = ~std::uint64_t{0};
};
constexpr std::size_t most_known = 4096;

// How many libraries have been loaded and unloaded so far.
std::uint64_t count_changes() {
  std::uint64_t count = 0;
#if __has_include(<link.h>)
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* sum) {
        *static_cast<std::uint64_t*>(sum) = info->dlpi_adds + info->dlpi_subs;
        return 1;
      },
      &count);
#endif
  return count;
}

std::vector<stack_frame> look_up(std::uintptr_t address, debug_information read, bool reload) {
  std::vector<stack_frame> found;
  const std::uintptr_t inside = address - 1;  // the call may be its function's last instruction
  const loaded_file in = file_of(inside);
  if (!read || !read(found, address, reload)) {
    stack_frame& only = found.emplace_back();
    only.address = address;
    only.module = in.path;
    if (const std::string symbol = symbol_of(inside, in); !symbol.empty())
      only.function = detail::demangled(symbol.c_str());
  }
  for (stack_frame& each : found)
    if (!in.path.empty()) each.offset = address - in.bias;  // as for addr2line, even of programs at fixed addresses
  return found;
}

}  // namespace

std::vector<stack_frame> symbols(std::span<const std::uintptr_t> addresses, debug_information read) {
  static std::mutex mutex;
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
      place = looked_up.known.emplace(each, look_up(each, read, std::exchange(first, false))).first;
    frames.insert(frames.end(), place->second.begin(), place->second.end());
  }
  return frames;
}

std::string function_at(const void* code) {
  const std::uintptr_t inside = reinterpret_cast<std::uintptr_t>(code) + 1;  // addresses are taken as return addresses
  for (stack_frame& frame : symbols(std::span(&inside, 1), nullptr))
    if (!frame.function.empty()) return std::move(frame.function);
  return {};
}

}  // namespace interloop::stack
