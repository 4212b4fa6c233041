// SPDX-License-Identifier: MIT
// Checks a format against the types of its fields, at compile time. What a value holds at run time is not known here.
#pragma once

#include <interloop/logging/detail/scan.hpp>
#include <interloop/logging/detail/value_of.hpp>

namespace interloop::detail {

// Never defined: calling one in a constant expression is an error that shows its name.
void the_format_has_an_unmatched_closing_brace();
void the_format_has_an_unmatched_opening_brace();
void the_format_lacks_a_field_name();
void the_format_has_a_field_name_that_is_not_an_identifier();
void the_format_has_a_path_that_is_neither_member_nor_key();
void the_format_has_an_unknown_conversion();
void the_format_nests_specifications();
void the_format_names_a_field_that_is_not_given();
void the_format_names_a_member_that_the_value_does_not_have();
void the_format_asks_for_a_key_of_a_value_that_has_none();

constexpr void complain(format_fault fault) {
  switch (fault) {
    case format_fault::none:
      return;
    case format_fault::lone_close:
      return the_format_has_an_unmatched_closing_brace();
    case format_fault::not_closed:
      return the_format_has_an_unmatched_opening_brace();
    case format_fault::no_name:
      return the_format_lacks_a_field_name();
    case format_fault::bad_name:
      return the_format_has_a_field_name_that_is_not_an_identifier();
    case format_fault::bad_path:
      return the_format_has_a_path_that_is_neither_member_nor_key();
    case format_fault::bad_conversion:
      return the_format_has_an_unknown_conversion();
    case format_fault::nested_too_deep:
      return the_format_nests_specifications();
  }
}

/// The fields that every event has besides those given.
[[nodiscard]] constexpr bool is_event_field(std::string_view name) noexcept {
  return name == "log_time" || name == "log_level" || name == "log_namespace" || name == "log_format";
}

template <class T>
using checked_type = std::remove_cvref_t<T>;

// The type whose format specifications a value accepts: fmt's type for what `view_of` makes of it. Void if the type's
// own formatter decides, or the type is not known yet.
template <class T>
constexpr auto shown_as() noexcept {
  if constexpr (std::is_same_v<T, char> || std::is_null_pointer_v<T> || text_like<T> || path_like<T> ||
                std::derived_from<T, failure> || std::derived_from<T, std::exception> || described<T> ||
                sequence_like<T>) {
    return std::type_identity<fmt::string_view>();
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, float>) {
    return std::type_identity<T>();
  } else if constexpr (std::floating_point<T> || is_duration<T>) {
    return std::type_identity<double>();
  } else if constexpr (std::integral<T> && sizeof(T) <= 8) {
    return std::type_identity<std::conditional_t<std::signed_integral<T>, long long, unsigned long long>>();
  } else if constexpr (std::is_enum_v<T> && !fmt::is_formattable<T>::value) {
    using signedness = std::is_signed<std::underlying_type_t<T>>;
    return std::type_identity<std::conditional_t<signedness::value, long long, unsigned long long>>();
  } else {
    return std::type_identity<void>();
  }
}

// Specifications are up to fmt; those that fmt parses itself are already checked here.
template <class T>
constexpr void check_spec(std::string_view spec_and_brace, bool converted) {
  using shown = typename decltype(shown_as<T>())::type;
  fmt::format_parse_context context(fmt::string_view(spec_and_brace.data(), spec_and_brace.size()));
  if (converted) {
    fmt::formatter<fmt::string_view> by_text;
    by_text.parse(context);
  } else if constexpr (!std::is_void_v<shown>) {
    fmt::formatter<shown> by_type;
    by_type.parse(context);
  }
}

template <class T>
constexpr void check_path(std::string_view path, std::string_view spec_and_brace, bool converted) {
  if constexpr (is_optional<T>) {
    return check_path<typename T::value_type>(path, spec_and_brace, converted);
  } else if (path.empty()) {
    if (!spec_and_brace.empty()) check_spec<T>(spec_and_brace, converted);
  } else if constexpr (std::is_same_v<T, value_view>) {
    return;  // what it holds is only known at run time
  } else {
    const path_step step = take_step(path);
    if (step.is_attribute) {
      if constexpr (described<T>) {
        bool found = false;
        const auto look = [&]<class Member>(const described_member<Member>& each) {
          if (found || each.name != step.key) return;
          found = true;
          check_path<checked_type<std::invoke_result_t<const Member&, const T&>>>(path, spec_and_brace, converted);
        };
        std::apply([&](const auto&... each) { (look(each), ...); }, description<T>);
        if (!found) the_format_names_a_member_that_the_value_does_not_have();
      } else {
        the_format_names_a_member_that_the_value_does_not_have();
      }
    } else if constexpr (mapping_like<T> && !described<T>) {
      check_path<typename T::mapped_type>(path, spec_and_brace, converted);
    } else if constexpr (sequence_like<T> && !described<T>) {
      check_path<checked_type<typename std::iterator_traits<iterator_of<T>>::value_type>>(path, spec_and_brace,
                                                                                          converted);
    } else {
      the_format_asks_for_a_key_of_a_value_that_has_none();
    }
  }
}

/// Checks where a name and its path lead, and whether the value there accepts the specification.
template <class... Fields>
constexpr void check_place(const reference& found, std::string_view spec_and_brace) {
  const auto check = [&]<class T>(std::type_identity<T>) {
    check_path<T>(found.path, spec_and_brace, found.conversion != 0);
    return true;
  };
  const bool given =
      ((Fields::name == found.name && check(std::type_identity<std::remove_cv_t<typename Fields::value_type>>())) ||
       ...);
  if (given) return;
  if (!is_event_field(found.name)) the_format_names_a_field_that_is_not_given();
  if (found.name == "log_time")
    check(std::type_identity<double>());
  else
    check(std::type_identity<std::string_view>());
}

// `inner` is followed by its closing brace, which fmt's parsers need.
template <class... Fields>
constexpr void check_reference(std::string_view inner) {
  reference found;
  complain(read_reference(inner, found));
  bool nested = false;
  complain(each_nested(found.spec, [&](const reference& width) {
    nested = true;
    check_place<Fields...>(width, {});
  }));
  std::string_view spec_and_brace;
  if (!nested && !found.spec.empty()) spec_and_brace = {found.spec.data(), found.spec.size() + 1};
  check_place<Fields...>(found, spec_and_brace);
}

}  // namespace interloop::detail
