// SPDX-License-Identifier: MIT
#include <interloop/logging/categories.hpp>

#include <interloop/logging/format.hpp>

#include "logging/categories.hpp"

#include <mutex>
#include <shared_mutex>

namespace interloop {

namespace {

struct table {
  std::shared_mutex mutex;
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> formats;
};

// Never destroyed: the last destructors may log.
table& categories() {
  static table* const made = new table;
  return *made;
}

template <class Pairs>
void add(const Pairs& added) {
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> checked;
  for (const auto& [name, format] : added)
    checked[std::string(name)] = std::make_shared<const std::string>(runtime(format).text);
  table& all = categories();
  const std::unique_lock lock(all.mutex);
  for (const auto& [name, format] : checked) all.formats.insert_or_assign(name, format);
}

}  // namespace

void add_log_categories(std::initializer_list<std::pair<std::string_view, std::string_view>> added) { add(added); }
void add_log_categories(const std::map<std::string, std::string>& added) { add(added); }

std::shared_ptr<const std::string> detail::find_category(std::string_view name) {
  table& all = categories();
  const std::shared_lock lock(all.mutex);
  const auto at = all.formats.find(name);
  return at == all.formats.end() ? nullptr : at->second;
}

}  // namespace interloop
