// SPDX-License-Identifier: MIT
// A field's value as a sink sees it: typed, without knowing the type. Not the value itself: a view of it.
#pragma once

#include <interloop/failure.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace interloop {

/// What a value is. `other` has a text and nothing else; the last but one three have members.
enum class value_kind : unsigned char {
  none,      ///< no value: an empty optional
  boolean,   ///< `as_boolean`
  integer,   ///< `as_integer`: a signed one
  natural,   ///< `as_natural`: an unsigned one
  real,      ///< `as_real`: float and double; a duration is its seconds
  text,      ///< `as_text`
  failure,   ///< `as_failure`
  sequence,  ///< members by number
  mapping,   ///< members by key
  record,    ///< a described struct: members by name
  other,     ///< something that fmt can format
};

class value_view;

namespace detail {

struct value_ops;  // what is known of a type: include/interloop/logging/detail/value_of.hpp

// A callable by reference, for visitors that are only called during the call that takes them.
template <class... Arguments>
class visitor {
 public:
  template <class F>
    requires std::invocable<F&, Arguments...>
  visitor(F&& callable) noexcept
      : callable_(const_cast<void*>(static_cast<const void*>(__builtin_addressof(callable)))),
        call_([](void* f, Arguments... arguments) { (*static_cast<std::remove_reference_t<F>*>(f))(arguments...); }) {}
  void operator()(Arguments... arguments) const { call_(callable_, arguments...); }

 private:
  void* callable_;
  void (*call_)(void*, Arguments...);
};

}  // namespace detail

/// A typed view of a value. Cheap to copy; refers to the value, so valid as long as the event that it is from.
///
/// Thread safety: that of the value, which in an event is the logging thread's.
class value_view {
 public:
  constexpr value_view() noexcept : kind_(value_kind::none), integer_(0) {}
  constexpr explicit value_view(bool value) noexcept : kind_(value_kind::boolean), boolean_(value) {}
  constexpr explicit value_view(std::int64_t value) noexcept : kind_(value_kind::integer), integer_(value) {}
  constexpr explicit value_view(std::uint64_t value) noexcept : kind_(value_kind::natural), natural_(value) {}
  constexpr explicit value_view(double value) noexcept : kind_(value_kind::real), real_(value) {}
  /// A float's text is the shortest that gives the float again, not the double.
  constexpr explicit value_view(float value) noexcept
      : kind_(value_kind::real), single_(true), real_(static_cast<double>(value)) {}
  constexpr explicit value_view(std::string_view value) noexcept
      : kind_(value_kind::text), text_{value.data(), value.size()} {}
  constexpr explicit value_view(const failure& value) noexcept : kind_(value_kind::failure), failure_(&value) {}
  value_view(const void* object, const detail::value_ops& ops) noexcept;

  [[nodiscard]] constexpr value_kind kind() const noexcept { return kind_; }

  /// The value, which has to be of that kind; otherwise what is returned means nothing.
  [[nodiscard]] constexpr bool as_boolean() const noexcept { return boolean_; }
  [[nodiscard]] constexpr std::int64_t as_integer() const noexcept { return integer_; }
  [[nodiscard]] constexpr std::uint64_t as_natural() const noexcept { return natural_; }
  [[nodiscard]] constexpr double as_real() const noexcept { return real_; }
  [[nodiscard]] constexpr bool is_single() const noexcept { return single_; }
  [[nodiscard]] constexpr std::string_view as_text() const noexcept { return {text_.data, text_.size}; }
  [[nodiscard]] constexpr const failure& as_failure() const noexcept { return *failure_; }

  /// The text that `{x}` gives, or `{x:spec}`, of any kind; a failure's is its `failure_message`.
  ///
  /// \param spec  as fmt's for the kind; for what has members only alignment and width, and of one for no value only those
  ///              count. Errors: `usage_error` where it does not fit. What a formatter of the user's throws comes through.
  [[nodiscard]] std::string str(std::string_view spec = {}) const;

  /// Calls `use(value_view)` with the member of a record, or the value at a key or number, which has to be written as
  /// in a format: digits for a number; a negative one counts from the end. False where there is none.
  template <class Use>
  bool attribute(std::string_view name, Use&& use) const {
    return find_attribute(name, use);
  }
  template <class Use>
  bool item(std::string_view key, Use&& use) const {
    return find_item(key, use);
  }

  /// Calls `use(value_view key, value_view value)` for each member: a record's names, a mapping's keys, a sequence's
  /// numbers from 0. Nothing for other kinds.
  template <class Use>
  void each(Use&& use) const {
    visit_each(use);
  }

  /// For the library itself: what an `other` is made of.
  [[nodiscard]] constexpr const void* object() const noexcept { return object_.address; }
  [[nodiscard]] constexpr const detail::value_ops* ops() const noexcept { return object_.ops; }

 private:
  bool find_attribute(std::string_view name, detail::visitor<value_view> use) const;
  bool find_item(std::string_view key, detail::visitor<value_view> use) const;
  void visit_each(detail::visitor<value_view, value_view> use) const;

  struct text_parts {
    const char* data;
    std::size_t size;
  };
  struct object_parts {
    const void* address;
    const detail::value_ops* ops;
  };

  value_kind kind_;
  bool single_ = false;
  union {
    bool boolean_;
    std::int64_t integer_;
    std::uint64_t natural_;
    double real_;
    text_parts text_;
    const failure* failure_;
    object_parts object_;
  };
};

/// A field of an event.
struct field_view {
  std::string_view name;
  value_view value;
};

}  // namespace interloop
