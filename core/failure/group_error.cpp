// SPDX-License-Identifier: MIT
#include <interloop/group_error.hpp>

#include <interloop/detail/made_failure.hpp>

#include <new>
#include <utility>

namespace interloop {

namespace {

std::string text_of(const std::vector<failure>& all) {
  std::string text = std::to_string(all.size()) + " operations failed";
  const char* before = ": ";
  for (const failure& each : all) {
    text += before + failure_message(each);
    before = "; ";
  }
  return text;
}

}  // namespace

group_error::group_error(std::vector<failure> all)
    : error(text_of(all)), all_(std::make_shared<const std::vector<failure>>(std::move(all))) {}
group_error::~group_error() = default;

std::vector<failure> failures_of(const failure& fail) {
  try {
    fail.rethrow();
  } catch (const group_error& several) {
    return several.failures();
  } catch (...) {
    return {fail};
  }
}

failure detail::failure_of_all(std::vector<failure> all, std::source_location where) noexcept {
  if (all.size() == 1) return all.front();
  return made_failure(where, [&all] {
    if (all.empty()) throw std::bad_alloc();
    return group_error(std::move(all));
  });
}

}  // namespace interloop
