// SPDX-License-Identifier: MIT
#include <interloop/logging/value.hpp>

#include <interloop/error.hpp>
#include <interloop/logging/detail/value_of.hpp>
#include <interloop/logging/level.hpp>

#include "logging/render.hpp"

#include <charconv>
#include <string>
#include <system_error>

namespace interloop {

value_view::value_view(const void* object, const detail::value_ops& ops) noexcept
    : kind_(ops.kind), object_{object, &ops} {}

namespace {

bool has_ops(value_kind kind) noexcept {
  return kind == value_kind::sequence || kind == value_kind::mapping || kind == value_kind::record ||
         kind == value_kind::other;
}

}  // namespace

std::string value_view::str(std::string_view spec) const {
  detail::text_buffer text;
  try {
    detail::append_value(text, *this, spec);
  } catch (const fmt::format_error& e) {
    throw usage_error("the format specification '" + std::string(spec) + "' does not fit the value: " + e.what());
  }
  return fmt::to_string(text);
}

bool value_view::find_attribute(std::string_view name, detail::visitor<value_view> use) const {
  return has_ops(kind_) && ops()->attribute && ops()->attribute(object(), name, use);
}

bool value_view::find_item(std::string_view key, detail::visitor<value_view> use) const {
  return has_ops(kind_) && ops()->item && ops()->item(object(), key, use);
}

void value_view::visit_each(detail::visitor<value_view, value_view> use) const {
  if (has_ops(kind_) && ops()->each) ops()->each(object(), use);
}

namespace {

template <class Number>
bool parse_whole(std::string_view text, Number& number) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool detail::parse_key(std::string_view text, std::int64_t& key) noexcept { return parse_whole(text, key); }
bool detail::parse_key(std::string_view text, std::uint64_t& key) noexcept { return parse_whole(text, key); }

namespace {

[[noreturn]] void refuse_level(std::string_view given) {
  std::string valid;
  for (const std::string_view each : log_levels) valid.append(valid.empty() ? "" : ", ").append(each);
  throw usage_error("there is no log level '" + std::string(given) + "'; the levels are: " + valid);
}

}  // namespace

log_level parse_log_level(std::string_view name) {
  for (std::size_t i = 0; i < log_levels.size(); ++i)
    if (log_levels[i] == name) return static_cast<log_level>(i);
  refuse_level(name);
}

void detail::throw_no_log_level(log_level number) { refuse_level(std::to_string(static_cast<unsigned>(number))); }

}  // namespace interloop
