// SPDX-License-Identifier: MIT
// A view of a field's value, as a sink sees it: its kind is known, its C++ type is not.
#pragma once

#include <interloop/failure.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace interloop {

/// What kind of value it is. `sequence`, `mapping` and `record` have members; `other` has only a text.
enum class value_kind : unsigned char {
  none,      ///< no value: an empty optional
  boolean,   ///< `as_boolean`
  integer,   ///< `as_integer`: a signed one
  natural,   ///< `as_natural`: an unsigned one
  real,      ///< `as_real`: float and double; a duration is its seconds
  text,      ///< `as_text`
  failure,   ///< `as_failure`
  sequence,  ///< members by index
  mapping,   ///< members by key
  record,    ///< a described struct: members by name
  other,     ///< something that fmt can format
};

class value_view;

namespace detail {

struct value_ops;  // operations of a type: include/interloop/logging/detail/value_of.hpp

// A reference to a callable, for visitors that are only called during the call that takes them.
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

/// A typed view of a value. Cheap to copy. Refers to the value, so it is valid as long as the event that it comes from.
///
/// Thread safety: that of the value, which in an event is the logging thread's.
class value_view {
 public:
  constexpr value_view() noexcept : kind_(value_kind::none), integer_(0) {}
  constexpr explicit value_view(bool value) noexcept : kind_(value_kind::boolean), boolean_(value) {}
  constexpr explicit value_view(std::int64_t value) noexcept : kind_(value_kind::integer), integer_(value) {}
  constexpr explicit value_view(std::uint64_t value) noexcept : kind_(value_kind::natural), natural_(value) {}
  constexpr explicit value_view(double value) noexcept : kind_(value_kind::real), real_(value) {}
  /// A float's text is the shortest that converts back to the same float, rather than double.
  constexpr explicit value_view(float value) noexcept
      : kind_(value_kind::real), single_(true), real_(static_cast<double>(value)) {}
  constexpr explicit value_view(std::string_view value) noexcept
      : kind_(value_kind::text), text_{value.data(), value.size()} {}
  constexpr explicit value_view(const failure& value) noexcept : kind_(value_kind::failure), failure_(&value) {}
  value_view(const void* object, const detail::value_ops& ops) noexcept;

  [[nodiscard]] constexpr value_kind kind() const noexcept { return kind_; }

  /// The value, which must be of that kind; otherwise the result is meaningless.
  [[nodiscard]] constexpr bool as_boolean() const noexcept { return boolean_; }
  [[nodiscard]] constexpr std::int64_t as_integer() const noexcept { return integer_; }
  [[nodiscard]] constexpr std::uint64_t as_natural() const noexcept { return natural_; }
  [[nodiscard]] constexpr double as_real() const noexcept { return real_; }
  [[nodiscard]] constexpr bool is_single() const noexcept { return single_; }
  [[nodiscard]] constexpr std::string_view as_text() const noexcept { return {text_.data, text_.size}; }
  [[nodiscard]] constexpr const failure& as_failure() const noexcept { return *failure_; }

  /// The text that `{x}` or `{x:spec}` gives, for any kind; for a failure its `failure_message`.
  ///
  /// \param spec  as in fmt for that kind. Kinds with members accept only alignment and width; for `none` only these
  ///              have an effect. Errors: `usage_error` if it does not fit. What a user's formatter throws passes
  ///              through.
  [[nodiscard]] std::string str(std::string_view spec = {}) const;

  /// Calls `use(value_view)` with the member of a record, or with the value at a key or index. Keys are written as in a
  /// format; an index is written in digits, and a negative one counts from the end. Returns false if there is no such
  /// member.
  template <class Use>
  bool attribute(std::string_view name, Use&& use) const {
    return find_attribute(name, use);
  }
  template <class Use>
  bool item(std::string_view key, Use&& use) const {
    return find_item(key, use);
  }

  /// Calls `use(value_view key, value_view value)` for each member: the keys are a record's names, a mapping's keys, or
  /// a sequence's indices from 0. Does nothing for other kinds.
  template <class Use>
  void each(Use&& use) const {
    visit_each(use);
  }

  /// For the library itself: the object behind an `other`.
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
