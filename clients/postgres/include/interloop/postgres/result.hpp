// SPDX-License-Identifier: MIT
// What the server answers to a statement: rows of typed values, and how many rows were changed.
//
//     const result found = co_await db.query("SELECT id, name FROM users WHERE age > $1", 30);
//     for (const row each : found) use(each.get<int>("id"), each.get<std::optional<std::string>>("name"));
//     const auto all = found.all<std::tuple<int, std::string>>();
#pragma once

#include <interloop/postgres/column.hpp>
#include <interloop/postgres/error.hpp>
#include <interloop/postgres/fields.hpp>

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

struct pg_result;  // libpq's PGresult

namespace interloop::postgres {

class result;

namespace parts {
[[noreturn]] void throw_bad_value(const pg_result* of, int column, std::string_view wanted);
[[noreturn]] void throw_null(const pg_result* of, int column);
[[noreturn]] void throw_columns(const pg_result* of, std::size_t wanted);
}  // namespace parts

/// One row of a result, which must outlive it. What `get` gives is the caller's own. Any thread may read.
class row {
 public:
  /// The value of a column, converted: `std::optional<T>` for one that may be NULL, `std::string` for any type.
  /// \param column  from 0.
  /// Errors: `result_error` if it is NULL and `T` is not an optional, if it is not a `T`, or if there is no such column.
  template <class T>
  [[nodiscard]] T get(std::size_t column) const {
    const int at = checked(column);
    if constexpr (parts::is_optional<T>) {
      if (null_at(at)) return std::nullopt;
      return convert<typename T::value_type>(at);
    } else {
      if (null_at(at)) parts::throw_null(of_, at);
      return convert<T>(at);
    }
  }
  /// The same by name. Takes time in proportion to the number of columns.
  template <class T>
  [[nodiscard]] T get(std::string_view name) const {
    return get<T>(column_named(name));
  }

  /// The text that the server sent, or nothing for NULL. Valid while the result exists. Errors: `result_error`.
  [[nodiscard]] std::optional<std::string_view> text(std::size_t column) const;

  /// All columns at once: a `std::tuple`, a struct without constructors or base classes, whose members are as many as the
  /// columns and in their order (at most 16), or one value for a single column.
  /// Errors: `result_error` as `get`, and if the number of columns is another one.
  template <class T>
  [[nodiscard]] T to() const {
    if constexpr (readable<T> || parts::is_optional<T>) {
      require_columns(1);
      return get<T>(0);
    } else if constexpr (parts::is_tuple<T>) {
      require_columns(std::tuple_size_v<T>);
      return to_tuple<T>(std::make_index_sequence<std::tuple_size_v<T>>());
    } else {
      static_assert(std::is_aggregate_v<T> && std::is_default_constructible_v<T>,
                    "interloop: a row becomes a tuple, a struct without constructors, or a type that has a column<T>");
      require_columns(parts::field_count<T>());
      T made{};
      parts::for_each_field(made, [this](std::size_t at, auto& field) {
        field = this->template get<std::remove_reference_t<decltype(field)>>(at);
      });
      return made;
    }
  }

  /// The number of columns.
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  friend class result;
  row(const pg_result* of, int index) noexcept : of_(of), index_(index) {}

  [[nodiscard]] int checked(std::size_t column) const;
  [[nodiscard]] std::size_t column_named(std::string_view name) const;
  [[nodiscard]] bool null_at(int column) const noexcept;
  [[nodiscard]] std::string_view text_at(int column) const noexcept;
  void require_columns(std::size_t wanted) const {
    if (size() != wanted) parts::throw_columns(of_, wanted);
  }
  template <class T>
  [[nodiscard]] T convert(int column) const {
    static_assert(readable<T>, "interloop: specialize interloop::postgres::column<T>, with from_text, for this type");
    std::optional<T> value = postgres::column<T>::from_text(text_at(column));
    if (!value) [[unlikely]] {
      if constexpr (requires { postgres::column<T>::wanted; }) {
        parts::throw_bad_value(of_, column, postgres::column<T>::wanted);
      } else {
        parts::throw_bad_value(of_, column, "a value of the requested type");
      }
    }
    return std::move(*value);
  }
  template <class T, std::size_t... At>
  [[nodiscard]] T to_tuple(std::index_sequence<At...>) const {
    return T{get<std::tuple_element_t<At, T>>(At)...};
  }

  const pg_result* of_;
  int index_;
};

/// The answer to one statement. Owns what the server sent. Move-only. Thread safety: as a container's.
class result {
 public:
  /// No columns, no rows.
  result() noexcept = default;
  /// Takes libpq's result over.
  explicit result(pg_result* taken) noexcept : of_(taken) {}

  /// The number of rows, and of columns.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t columns() const noexcept;
  /// Errors: `result_error` if there is no such column.
  [[nodiscard]] std::string_view column_name(std::size_t column) const;

  /// Errors: `result_error` if there is no such row.
  [[nodiscard]] row operator[](std::size_t index) const;

  class iterator {
   public:
    using value_type = row;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = void;
    using reference = row;
    iterator() noexcept = default;
    row operator*() const noexcept { return {of_, index_}; }
    iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    iterator operator++(int) noexcept { return {of_, index_++}; }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.index_ == b.index_; }

   private:
    friend class result;
    iterator(const pg_result* of, int index) noexcept : of_(of), index_(index) {}
    const pg_result* of_ = nullptr;
    int index_ = 0;
  };
  [[nodiscard]] iterator begin() const noexcept { return {of_.get(), 0}; }
  [[nodiscard]] iterator end() const noexcept { return {of_.get(), static_cast<int>(size())}; }

  /// Every row, see `row::to`.
  template <class T>
  [[nodiscard]] std::vector<T> all() const {
    std::vector<T> values;
    values.reserve(size());
    for (const row each : *this) values.push_back(each.to<T>());
    return values;
  }
  /// The only row. Errors: `result_error` if there are none or several.
  template <class T>
  [[nodiscard]] T one() const {
    require_rows(1, 1);
    return row(of_.get(), 0).to<T>();
  }
  /// The only row, or nothing if there is none. Errors: `result_error` if there are several.
  template <class T>
  [[nodiscard]] std::optional<T> maybe() const {
    require_rows(0, 1);
    if (empty()) return std::nullopt;
    return row(of_.get(), 0).to<T>();
  }

  /// How many rows the statement has inserted, updated, deleted, selected or copied.
  [[nodiscard]] std::size_t affected() const noexcept;
  /// What the server calls the outcome, `INSERT 0 1` for instance. Valid while this exists.
  [[nodiscard]] std::string_view tag() const noexcept;

 private:
  void require_rows(std::size_t least, std::size_t most) const;

  struct clear {
    void operator()(pg_result* owned) const noexcept;
  };
  std::unique_ptr<pg_result, clear> of_;
};

}  // namespace interloop::postgres
