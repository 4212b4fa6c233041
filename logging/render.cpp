// SPDX-License-Identifier: MIT
#include "logging/render.hpp"

#include <interloop/error.hpp>
#include <interloop/logging/detail/value_of.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>

namespace interloop::detail {

namespace {

// What is wrong with a reference, to be said in the message.
class reference_error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string_view as_text(const value_view& value, std::string& room) {
  if (value.kind() == value_kind::text) return value.as_text();
  if (value.kind() == value_kind::failure) return room = failure_message(value.as_failure());
  text_buffer plain;
  append_value(plain, value, {});
  return room = fmt::to_string(plain);
}

// The fmt argument has the value's own type, so that all of fmt's specifications for it work.
void append_formatted(text_buffer& out, std::string_view spec, fmt::format_args arguments) {
  fmt::basic_memory_buffer<char, 64> format;
  format.append(std::string_view("{:"));
  format.append(spec);
  format.push_back('}');
  fmt::vformat_to(fmt::appender(out), fmt::string_view(format.data(), format.size()), arguments);
}
template <class T>
void append_as(text_buffer& out, std::string_view spec, const T& value) {
  append_formatted(out, spec, fmt::make_format_args(value));
}

// The parts of a specification that apply to any value: fill, alignment and width. Signs, zeros and precisions are for
// the missing number.
std::string placing(std::string_view spec) {
  const std::size_t align = spec.find_last_of("<>^");
  const std::size_t signs = align == spec.npos ? 0 : align + 1;
  const std::size_t width = std::min(spec.find_first_not_of("+- #0", signs), spec.size());
  const std::size_t end = std::min(spec.find_first_not_of("0123456789", width), spec.size());
  return std::string(spec.substr(0, signs)).append(spec.substr(width, end - width));
}

void append_members(text_buffer& out, const value_view& value) {
  const value_kind kind = value.kind();
  const char* const brackets = kind == value_kind::sequence ? "[]" : kind == value_kind::mapping ? "{}" : "()";
  out.push_back(brackets[0]);
  bool first = true;
  value.each([&](value_view key, value_view member) {
    if (!first) append(out, ", ");
    first = false;
    if (kind == value_kind::record) {
      append(out, key.as_text());
      out.push_back('=');
    } else if (kind == value_kind::mapping) {
      append_quoted(out, key);
      append(out, ": ");
    }
    append_quoted(out, member);
  });
  out.push_back(brackets[1]);
}

void append_plain(text_buffer& out, const value_view& value) {
  switch (value.kind()) {
    case value_kind::none:
      return append(out, "none");
    case value_kind::boolean:
      return append(out, value.as_boolean() ? "true" : "false");
    case value_kind::integer: {
      const fmt::format_int digits(value.as_integer());
      return append(out, {digits.data(), digits.size()});
    }
    case value_kind::natural: {
      const fmt::format_int digits(value.as_natural());
      return append(out, {digits.data(), digits.size()});
    }
    case value_kind::real:
      if (value.is_single())
        fmt::format_to(fmt::appender(out), "{}", static_cast<float>(value.as_real()));
      else
        fmt::format_to(fmt::appender(out), "{}", value.as_real());
      return;
    case value_kind::text:
      return append(out, value.as_text());
    case value_kind::failure:
      return append(out, failure_message(value.as_failure()));
    case value_kind::sequence:
    case value_kind::mapping:
    case value_kind::record:
      return append_members(out, value);
    case value_kind::other:
      value.ops()->formatted(value.object(),
                             [&](fmt::format_args arguments) { fmt::vformat_to(fmt::appender(out), "{}", arguments); });
  }
}

}  // namespace

void append_growing(text_buffer& out, std::string_view text) { out.append(text.data(), text.data() + text.size()); }

void append_value(text_buffer& out, const value_view& value, std::string_view spec) {
  if (spec.empty()) return append_plain(out, value);
  switch (value.kind()) {
    case value_kind::none:
      return append_as(out, placing(spec), fmt::string_view("none"));
    case value_kind::boolean:
      return append_as(out, spec, value.as_boolean());
    case value_kind::integer:
      return append_as(out, spec, value.as_integer());
    case value_kind::natural:
      return append_as(out, spec, value.as_natural());
    case value_kind::real:
      if (value.is_single()) return append_as(out, spec, static_cast<float>(value.as_real()));
      return append_as(out, spec, value.as_real());
    case value_kind::other: {
      const auto use = [&](fmt::format_args arguments) { append_formatted(out, spec, arguments); };
      return value.ops()->formatted(value.object(), use);
    }
    default: {
      std::string room;
      const std::string_view text = as_text(value, room);
      return append_as(out, spec, fmt::string_view(text.data(), text.size()));
    }
  }
}

bool asks_for_much(std::string_view spec) noexcept {
  std::size_t digits = 0;
  for (const char c : spec) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 4) return true;
  }
  return false;
}

void append_quoted(text_buffer& out, const value_view& value) {
  if (value.kind() != value_kind::text) return append_plain(out, value);
  const std::string_view text = value.as_text();
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  out.push_back(quote);
  for (const char c : text) {
    if (c == quote || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      append(out, "\\n");
    } else if (c == '\r') {
      append(out, "\\r");
    } else if (c == '\t') {
      append(out, "\\t");
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(fmt::appender(out), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
  out.push_back(quote);
}

std::string text_of(const value_view& value) {
  std::string text;
  std::string reason = what_is_thrown_by([&] { text = value.str(); });
  return reason.empty() ? text : reason;
}

namespace {

// Follows a path to its end, and calls `use` with the value there.
void follow(const value_view& value, std::string_view path, visitor<value_view> use) {
  if (path.empty()) return use(value);
  const path_step step = take_step(path);
  const auto go_on = [&](value_view next) { follow(next, path, use); };
  const bool found = step.is_attribute ? value.attribute(step.key, go_on) : value.item(step.key, go_on);
  if (found) return;
  throw reference_error(step.is_attribute ? "the value has no member '" + std::string(step.key) + "'"
                                          : "the value has nothing at [" + std::string(step.key) + "]");
}

std::string names_of(const log_event& event) {
  if (event.fields.empty()) return "the message has no fields";
  std::string names = "the fields are: ";
  for (const field_view& field : event.fields)
    names.append(&field == event.fields.data() ? "" : ", ").append(field.name);
  return names;
}

}  // namespace

parsed_format::parsed_format(std::string_view format, std::span<const field_view> fields)
    : address(format.data()), text(format) {
  for (const field_view& field : fields) names.emplace_back(field.name);
  for (std::string_view rest = text; !rest.empty();) {
    piece next;
    reference found;
    if (take_piece(rest, next) != format_fault::none) return;  // cannot happen, since the compiler checked it
    part made{next.literal, next.inner, no_field, next.refers, false};
    if (next.refers && read_reference(next.inner, found) != format_fault::none) return;
    for (std::size_t i = 0; next.refers && i < fields.size(); ++i) {
      if (fields[i].name != found.name) continue;
      made.field = i;
      made.plain = found.path.empty() && found.conversion == 0 && found.spec.empty();
      break;
    }
    parts.push_back(made);
  }
}

bool parsed_format::is_of(std::string_view literal, std::span<const field_view> fields) const noexcept {
  if (address != literal.data() || text != literal || names.size() != fields.size()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (names[i] != fields[i].name) return false;
  return true;
}

namespace {

// All formats, in as many chains as a large program has messages, so that each chain is short.
constinit std::array<std::atomic<const parsed_format*>, 1024> all_parsed{};

std::atomic<const parsed_format*>& chain_of(const char* address) noexcept {
  const auto number = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(address));
  return all_parsed[(number * 0x9E3779B97F4A7C15U) >> 54];  // Fibonacci hashing: 10 bits, evenly
}

}  // namespace

const parsed_format* find_parsed(std::string_view literal, std::span<const field_view> fields) noexcept {
  // Acquire, paired with release below: a thread that finds a node sees all of it. Nodes are never removed.
  std::atomic<const parsed_format*>& first = chain_of(literal.data());
  const parsed_format* const head = first.load(std::memory_order_acquire);
  for (const parsed_format* each = head; each; each = each->later)
    if (each->is_of(literal, fields)) return each;
  try {
    auto* const made = new parsed_format(literal, fields);
    made->later = head;
    // If another thread was faster, the same format may be added twice, which costs only a little memory.
    while (!first.compare_exchange_weak(made->later, made, std::memory_order_release, std::memory_order_acquire)) {
    }
    return made;
  } catch (...) {
    return nullptr;
  }
}

void rendering::render_spec(const log_event& event, std::string_view spec, text_buffer& into) {
  while (!spec.empty()) {
    piece part;
    if (const format_fault fault = take_piece(spec, part); fault != format_fault::none)
      throw reference_error(std::string(explain(fault)));
    append(into, part.literal);
    if (!part.refers) continue;
    reference found;
    if (const format_fault fault = read_reference(part.inner, found); fault != format_fault::none)
      throw reference_error(std::string(explain(fault)));
    const std::optional<value_view> value = event.field(found.name);
    if (!value) throw reference_error("there is no field '" + std::string(found.name) + "'; " + names_of(event));
    follow(*value, found.path, [&](value_view end) { append_value(into, end, {}); });
  }
}

void rendering::render_reference(const log_event& event, const field_view* field, std::string_view inner) {
  reference found;
  if (const format_fault fault = read_reference(inner, found); fault != format_fault::none)
    throw reference_error(std::string(explain(fault)));
  std::optional<value_view> value = field ? field->value : event.field(found.name);
  if (!value) throw reference_error("there is no field '" + std::string(found.name) + "'; " + names_of(event));
  std::string_view spec = found.spec;
  text_buffer filled_in;
  if (spec.find('{') != spec.npos) {
    render_spec(event, spec, filled_in);
    spec = {filled_in.data(), filled_in.size()};
    if (asks_for_much(spec))
      throw reference_error("a field asks for a width or precision above 9999: " + std::string(spec));
  }
  const auto show = [&](value_view end) {
    if (found.conversion == 0) return append_value(out_, end, spec);
    text_buffer converted;
    if (found.conversion == 'r')
      append_quoted(converted, end);
    else
      append_value(converted, end, {});
    append_value(out_, value_view(std::string_view(converted.data(), converted.size())), spec);
  };
  follow(*value, found.path, show);
}

void rendering::render(const log_event& event) {
  if (parsed_) {
    for (const parsed_format::part& part : parsed_->parts) {
      append(out_, part.literal);
      if (!part.refers) continue;
      const field_view* const field = part.field == parsed_format::no_field ? nullptr : &event.fields[part.field];
      if (part.plain)
        append_plain(out_, field->value);
      else
        render_reference(event, field, part.inner);
    }
  } else {
    for (std::string_view rest = event.format; !rest.empty();) {
      piece next;
      if (const format_fault fault = take_piece(rest, next); fault != format_fault::none)
        throw reference_error(std::string(explain(fault)));
      append(out_, next.literal);
      if (next.refers) render_reference(event, nullptr, next.inner);
    }
  }
}

std::string_view rendering::text_of(const log_event& event) {
  const auto say = [&](const char* what) {
    out_.clear();
    append(out_, event.format);
    append(out_, " [this message could not be formatted: ");
    append(out_, what);
    out_.push_back(']');
  };
  try {
    render(event);
  } catch (const std::exception& e) {
    const std::string what = e.what();  // the exception may point to memory that `say` overwrites
    say(what.c_str());
  } catch (...) {
    say("a formatter threw an exception that is not a std::exception");
  }
  if (appended_) {
    append(out_, ": ");
    append(out_, failure_message(*appended_));
  }
  return {out_.data(), out_.size()};
}

}  // namespace interloop::detail
