// SPDX-License-Identifier: MIT
// Parses formats, at compile time and at run time: literal text, and references such as {what.config[foo]!r:>20}.
#pragma once

#include <interloop/logging/field.hpp>

#include <cstddef>
#include <string_view>

namespace interloop::detail {

/// What can be wrong with a format by itself. Each has a function, whose name appears in compiler errors, and a
/// sentence.
enum class format_fault : unsigned char {
  none,
  lone_close,
  not_closed,
  no_name,
  bad_name,
  bad_path,
  bad_conversion,
  nested_too_deep,
};

[[nodiscard]] constexpr std::string_view explain(format_fault fault) noexcept {
  switch (fault) {
    case format_fault::none:
      return "";
    case format_fault::lone_close:
      return "unmatched '}'; write '}}' for a brace";
    case format_fault::not_closed:
      return "unmatched '{'; write '{{' for a brace";
    case format_fault::no_name:
      return "a field's name is missing; fields are named, as in {times}";
    case format_fault::bad_name:
      return "a field's name is not an identifier; fields are named, not numbered, as in {times}";
    case format_fault::bad_path:
      return "a field's name may be followed by .member or [key], neither of them empty";
    case format_fault::bad_conversion:
      return "'!' must be followed by 'r' or 's', and then by ':' or '}'";
    case format_fault::nested_too_deep:
      return "a field inside a specification cannot have a specification itself";
  }
  return "";
}

/// `{name path !conversion :spec}`.
struct reference {
  std::string_view name;
  std::string_view path;  ///< `.member` and `[key]`, any number of them
  char conversion = 0;
  std::string_view spec;  ///< the text after the colon; it may itself refer to fields, as in {:{width}}
};

/// One step of a path, taken off its front. `read_reference` must have accepted the path.
struct path_step {
  bool is_attribute;
  std::string_view key;
};
constexpr path_step take_step(std::string_view& path) noexcept {
  const bool is_attribute = path[0] == '.';
  path.remove_prefix(1);
  std::size_t end = path.find_first_of(is_attribute ? ".[" : "]");
  if (end == std::string_view::npos) end = path.size();
  const path_step step{is_attribute, path.substr(0, end)};
  path.remove_prefix(end + (is_attribute ? 0 : 1));
  return step;
}

constexpr bool good_path(std::string_view path) noexcept {
  while (!path.empty()) {
    if (path[0] != '.' && path[0] != '[') return false;
    if (path[0] == '[' && path.find(']') == std::string_view::npos) return false;
    if (take_step(path).key.empty()) return false;
  }
  return true;
}

/// Parses the text between a reference's braces.
constexpr format_fault read_reference(std::string_view inner, reference& into) noexcept {
  std::size_t end = 0;
  bool in_brackets = false;
  for (; end < inner.size(); ++end) {
    if (inner[end] == '[') in_brackets = true;
    if (inner[end] == ']') in_brackets = false;
    if (!in_brackets && (inner[end] == '!' || inner[end] == ':')) break;
  }
  const std::string_view place = inner.substr(0, end);
  const std::size_t name_end = place.find_first_of(".[");
  into.name = place.substr(0, name_end);
  into.path = name_end == std::string_view::npos ? std::string_view() : place.substr(name_end);
  if (into.name.empty()) return format_fault::no_name;
  if (!is_identifier(into.name)) return format_fault::bad_name;
  if (!good_path(into.path)) return format_fault::bad_path;
  inner.remove_prefix(end);
  into.conversion = 0;
  if (!inner.empty() && inner[0] == '!') {
    if (inner.size() < 2 || (inner[1] != 'r' && inner[1] != 's')) return format_fault::bad_conversion;
    if (inner.size() > 2 && inner[2] != ':') return format_fault::bad_conversion;
    into.conversion = inner[1];
    inner.remove_prefix(2);
  }
  into.spec = inner.empty() ? inner : inner.substr(1);
  return format_fault::none;
}

/// A literal, followed by a reference if `refers`.
struct piece {
  std::string_view literal;
  std::string_view inner;  ///< the text between the braces
  bool refers = false;
};

/// Takes the next piece off the front of a format, until that is empty. At a fault, the format begins where the fault
/// is.
constexpr format_fault take_piece(std::string_view& format, piece& into) noexcept {
  into = {};
  const std::size_t brace = format.find_first_of("{}");
  if (brace == std::string_view::npos) {
    into.literal = format;
    format = {};
    return format_fault::none;
  }
  const bool doubled = brace + 1 < format.size() && format[brace + 1] == format[brace];
  if (doubled) {
    into.literal = format.substr(0, brace + 1);
    format.remove_prefix(brace + 2);
    return format_fault::none;
  }
  into.literal = format.substr(0, brace);
  format.remove_prefix(brace);
  if (format[0] == '}') return format_fault::lone_close;
  std::size_t depth = 1;
  std::size_t end = 1;
  bool in_brackets = false;  // a key may contain braces
  bool in_spec = false;
  for (; end < format.size(); ++end) {
    const char c = format[end];
    if (c == '[' && !in_spec) in_brackets = true;
    if (c == ']') in_brackets = false;
    if (in_brackets) continue;
    if (c == ':') in_spec = true;
    if (c == '{' && ++depth > 2) return format_fault::nested_too_deep;
    if (c == '}' && --depth == 0) break;
  }
  if (end == format.size()) return format_fault::not_closed;
  into.inner = format.substr(1, end - 1);
  into.refers = true;
  format.remove_prefix(end + 1);
  return format_fault::none;
}

/// Calls `use` with each reference inside a specification, as in {:{width}}.
template <class Use>
constexpr format_fault each_nested(std::string_view spec, Use use) {
  while (!spec.empty()) {
    piece part;
    if (const format_fault fault = take_piece(spec, part); fault != format_fault::none) return fault;
    if (!part.refers) continue;
    reference found;
    if (const format_fault fault = read_reference(part.inner, found); fault != format_fault::none) return fault;
    if (!found.spec.empty() || found.conversion != 0) return format_fault::nested_too_deep;
    use(found);
  }
  return format_fault::none;
}

}  // namespace interloop::detail
