// SPDX-License-Identifier: MIT
#include "descriptors.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string_view>

namespace interloop::testing::detail {

descriptors open_descriptors() {
  struct close_folder {
    void operator()(DIR* folder) const { ::closedir(folder); }
  };
  constexpr const char* path = "/proc/self/fd";
  descriptors found;
  const std::unique_ptr<DIR, close_folder> folder(::opendir(path));
  if (!folder) return found;
  while (const dirent* each = ::readdir(folder.get())) {
    const std::string_view name = each->d_name;
    int number = -1;
    if (std::from_chars(name.data(), name.data() + name.size(), number).ec != std::errc()) continue;
    if (number == ::dirfd(folder.get())) continue;
    std::array<char, 512> target{};
    const auto size = ::readlink((std::string(path) + "/" + each->d_name).c_str(), target.data(), target.size());
    found.emplace_back(number, std::string(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string opened_since(const descriptors& before, const descriptors& now) {
  std::string text;
  for (const auto& each : now) {
    if (std::binary_search(before.begin(), before.end(), each)) continue;
    text += (text.empty() ? "" : "\n") + std::to_string(each.first) + " " + each.second;
  }
  return text;
}

}  // namespace interloop::testing::detail
