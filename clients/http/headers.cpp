// SPDX-License-Identifier: MIT
#include <interloop/http/headers.hpp>

#include "clients/http/text.hpp"

namespace interloop::http {

void header_list::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

std::size_t header_list::remove(std::string_view name) {
  return std::erase_if(lines_, [name](const header& line) { return same_word(line.name, name); });
}

const std::string* header_list::find(std::string_view name) const noexcept {
  for (const header& line : lines_)
    if (same_word(line.name, name)) return &line.value;
  return nullptr;
}

std::vector<std::string_view> header_list::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const header& line : lines_)
    if (same_word(line.name, name)) values.emplace_back(line.value);
  return values;
}

}  // namespace interloop::http
