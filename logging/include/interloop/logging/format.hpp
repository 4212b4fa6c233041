// SPDX-License-Identifier: MIT
// Formats of messages: literals, parsed and checked by the compiler, and texts that are known only at run time.
#pragma once

#include <interloop/logging/detail/check.hpp>
#include <interloop/logging/field.hpp>

#include <concepts>
#include <source_location>
#include <string_view>

namespace interloop {

/// A format that is not a literal, from a file of translations for instance. Refers to `text` during the call that it
/// is made in.
struct runtime_format {
  std::string_view text;
};

/// Marks a format that the compiler cannot check. Errors: `usage_error` if it cannot be parsed, with what is wrong and
/// where. Its references are checked when it is logged: a message whose format refers to a missing field is logged all
/// the same, and says so. Source: `fmt::runtime`.
[[nodiscard]] runtime_format runtime(std::string_view text);

namespace detail {

// The part of a format that the compiled library needs. Small and passed by value, so that compilers make it only when
// the level is on: a call at a level that is off costs a load and a branch.
struct format_base {
  std::string_view text;
  std::source_location where;
  bool is_literal = false;
};

}  // namespace detail

/// A format and the place of the call, for fields of these types. The compiler makes it from the literal passed to a
/// logger's function; unknown names, bad specifications and members that a value does not have do not compile.
///
/// The syntax, after PEP 3101: `{name}`, `{name[key]}`, `{name.member}`, any path of these, `!r` (texts quoted, as
/// Python does) and `!s`, then `:` and one of fmt's format specifications, in which `{name}` may stand for a number up
/// to 9999; `{{` and `}}` for braces. Source: `txaio.interfaces.ILogger`.
template <class... Fields>
class log_format : public detail::format_base {
 public:
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  consteval log_format(const Text& literal, std::source_location here = std::source_location::current())
      : detail::format_base{literal, here, true} {
    static_assert((detail::is_field<Fields> && ...), "a message's arguments must have names: write \"times\"_a = 42");
    for (std::string_view rest = text; !rest.empty();) {
      detail::piece next;
      detail::complain(detail::take_piece(rest, next));
      if (next.refers) detail::check_reference<Fields...>(next.inner);
    }
  }
  log_format(runtime_format format, std::source_location here = std::source_location::current()) noexcept
      : detail::format_base{format.text, here, false} {}
};

}  // namespace interloop
