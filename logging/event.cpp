// SPDX-License-Identifier: MIT
#include <interloop/logging/event.hpp>

#include <interloop/logging/detail/value_of.hpp>

#include "logging/render.hpp"

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace interloop {

std::string_view log_event::text() const {
  if (unrendered_) {
    text_ = unrendered_->text_of(*this);
    unrendered_ = nullptr;
  }
  return text_;
}

std::optional<value_view> log_event::field(std::string_view wanted) const {
  for (const field_view& each : fields)
    if (each.name == wanted) return each.value;
  if (wanted == "log_time") return value_view(std::chrono::duration<double>(time.time_since_epoch()).count());
  if (wanted == "log_level") return value_view(to_string(level));
  if (wanted == "log_namespace") return value_view(name);
  if (wanted == "log_format") return value_view(format);
  return std::nullopt;
}

namespace detail {

namespace {

// A value that owns its parts. Nodes are in a deque, which never moves them.
struct kept_value {
  value_view scalar;
  std::string text;
  std::optional<failure> fail;
  value_kind kind = value_kind::none;
  std::vector<std::pair<const kept_value*, const kept_value*>> members;

  [[nodiscard]] value_view view() const noexcept;
};

const kept_value& self(const void* object) noexcept { return *static_cast<const kept_value*>(object); }

bool find_by_text(const void* object, std::string_view wanted, visitor<value_view> use) {
  for (const auto& [key, value] : self(object).members) {
    if (key->view().str() != wanted) continue;
    use(value->view());
    return true;
  }
  return false;
}

bool find_by_number(const void* object, std::string_view wanted, visitor<value_view> use) {
  const auto& members = self(object).members;
  std::int64_t number = 0;
  if (!parse_key(wanted, number)) return false;
  if (number < 0) number += static_cast<std::int64_t>(members.size());
  if (number < 0 || number >= static_cast<std::int64_t>(members.size())) return false;
  use(members[static_cast<std::size_t>(number)].second->view());
  return true;
}

void each_member(const void* object, visitor<value_view, value_view> use) {
  for (const auto& [key, value] : self(object).members) use(key->view(), value->view());
}

constexpr value_ops kept_sequence{value_kind::sequence, nullptr, nullptr, find_by_number, each_member};
constexpr value_ops kept_mapping{value_kind::mapping, nullptr, nullptr, find_by_text, each_member};
constexpr value_ops kept_record{value_kind::record, nullptr, find_by_text, nullptr, each_member};

value_view kept_value::view() const noexcept {
  switch (kind) {
    case value_kind::text:
      return value_view(std::string_view(text));
    case value_kind::failure:
      return value_view(*fail);
    case value_kind::sequence:
      return {this, kept_sequence};
    case value_kind::mapping:
      return {this, kept_mapping};
    case value_kind::record:
      return {this, kept_record};
    default:
      return scalar;
  }
}

}  // namespace

struct kept_parts {
  std::string name, format, text, origin;
  std::deque<std::string> field_names;
  std::deque<kept_value> values;
  std::vector<field_view> fields;
  log_event event;

  explicit kept_parts(const log_event& from);
  const kept_value* keep(const value_view& value);
};

const kept_value* kept_parts::keep(const value_view& value) {
  kept_value& made = values.emplace_back();
  made.kind = value.kind();
  switch (value.kind()) {
    case value_kind::text:
      made.text = value.as_text();
      break;
    case value_kind::failure:
      made.fail = value.as_failure();
      break;
    case value_kind::sequence:
    case value_kind::mapping:
    case value_kind::record:
      made.text = what_is_thrown_by([&] {
        value.each([&](value_view key, value_view member) {
          const kept_value* const kept_key = keep(key);
          made.members.emplace_back(kept_key, keep(member));
        });
      });
      if (!made.text.empty()) made.kind = value_kind::text;
      break;
    case value_kind::other:
      made.kind = value_kind::text;
      made.text = text_of(value);
      break;
    default:
      made.scalar = value;
  }
  return &made;
}

kept_parts::kept_parts(const log_event& from)
    : name(from.name), format(from.format), text(from.text()), origin(from.origin) {
  event.time = from.time;
  event.level = from.level;
  event.name = name;
  event.format = format;
  event.where = from.where;
  event.origin = origin;
  event.text_ = text;
  fields.reserve(from.fields.size());
  for (const field_view& field : from.fields)
    fields.push_back({field_names.emplace_back(field.name), keep(field.value)->view()});
  event.fields = fields;
}

}  // namespace detail

kept_log_event::kept_log_event(const log_event& event) : parts_(std::make_unique<detail::kept_parts>(event)) {}
kept_log_event::kept_log_event(kept_log_event&&) noexcept = default;
kept_log_event& kept_log_event::operator=(kept_log_event&&) noexcept = default;
kept_log_event::~kept_log_event() = default;

const log_event& kept_log_event::event() const noexcept { return parts_->event; }

}  // namespace interloop
