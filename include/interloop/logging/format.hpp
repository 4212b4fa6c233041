// SPDX-License-Identifier: MIT
// Formats of messages: literals, read and checked by the compiler, and texts that are known only at run time.
#pragma once

#include <interloop/logging/detail/check.hpp>
#include <interloop/logging/field.hpp>

#include <concepts>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace interloop {

/// A format that is no literal, from a file of translations for instance. Refers to `text` for the call it stands in.
struct runtime_format {
  std::string_view text;
};

/// Marks a format that the compiler cannot check. Errors: `usage_error` where it cannot be read, with what is wrong and
/// where. What its references ask for is checked as it is logged: a message whose format asks for a field that is not
/// there is logged too, and says so. Source: `fmt::runtime`.
[[nodiscard]] runtime_format runtime(std::string_view text);

namespace detail {

// What the library's compiled part needs of a format. `pieces` below count; 0xFF: none, read the text.
struct format_base {
  static constexpr std::uint8_t not_compiled = 0xFF;
  std::string_view text;
  std::source_location where;
  std::uint8_t pieces = not_compiled;
  bool has_category = false;
};

}  // namespace detail

/// A format and the place of the call, for fields of these types. Made by the compiler from the literal that is given to
/// a logger's function; unknown names, bad specifications and members that a value does not have do not compile.
///
/// What it takes, after PEP 3101: `{name}`, `{name[key]}`, `{name.member}`, any path of these, `!r` (texts quoted, as
/// Python does) and `!s`, then `:` and one of fmt's format specifications, in which `{name}` may stand for a number;
/// `{{` and `}}` for braces. Source: `txaio.interfaces.ILogger`.
template <class... Fields>
class log_format : public detail::format_base {
 public:
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  consteval log_format(const Text& literal, std::source_location here = std::source_location::current()) {
    text = literal;
    where = here;
    has_category = names_category;
    compile();
  }
  log_format(runtime_format format, std::source_location here = std::source_location::current()) noexcept {
    text = format.text;
    where = here;
    has_category = names_category;
  }

  [[nodiscard]] constexpr const detail::compiled_piece* compiled() const noexcept { return pieces_; }

 private:
  static constexpr bool names_category = ((Fields::name == "log_category") || ...);
  // Most formats name each field once, with text between and after; one that has more is read as it is logged.
  static constexpr std::size_t capacity = sizeof...(Fields) + 2;

  consteval void compile() {
    std::string_view rest = text;
    std::size_t count = 0;
    bool fits = text.size() < 0xFFFF;
    while (!rest.empty()) {
      detail::piece next;
      detail::complain(detail::take_piece(rest, next));
      detail::compiled_piece made;
      if (next.refers) made.field = detail::check_reference<Fields...>(next.inner, made.plain);
      fits = fits && count < capacity;
      if (!fits) continue;
      made.literal_begin = offset(next.literal);
      made.literal_size = static_cast<std::uint16_t>(next.literal.size());
      made.inner_begin = next.refers ? offset(next.inner) : std::uint16_t{0};
      made.inner_size = static_cast<std::uint16_t>(next.inner.size());
      pieces_[count++] = made;
    }
    if (fits) pieces = static_cast<std::uint8_t>(count);
  }
  consteval std::uint16_t offset(std::string_view part) const {
    return static_cast<std::uint16_t>(part.data() - text.data());
  }

  detail::compiled_piece pieces_[capacity] = {};
};

}  // namespace interloop
