// SPDX-License-Identifier: MIT
// A logged message as sinks get it: its own properties, its fields with their types, and its text, made on demand.
#pragma once

#include <interloop/logging/level.hpp>
#include <interloop/logging/value.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string_view>

namespace interloop {

namespace detail {
class rendering;
struct kept_parts;
}  // namespace detail

/// One logged message. Exists only during the call that logs it; a sink that needs it longer makes a `kept_log_event`.
///
/// Thread safety: the thread that receives it, during `log_sink::write`.
class log_event {
 public:
  log_event(const log_event&) = delete;
  log_event& operator=(const log_event&) = delete;

  std::chrono::system_clock::time_point time;  ///< `log_time`
  log_level level = log_level::none;           ///< `log_level`
  std::string_view name;                       ///< `log_namespace`: the logger's name
  std::string_view format;                     ///< `log_format`: the format, or that of the category if one was used
  std::source_location where;                  ///< the place of the call; line 0 if unknown
  std::span<const field_view> fields;          ///< those given to the call, in its order
  std::string_view origin;                     ///< the other logging system that it came from ("glib"), or empty

  /// The format with its references filled in. Made once, when first asked for. Valid as long as the event.
  [[nodiscard]] std::string_view text() const;

  /// The field of that name, including `log_time` (seconds since 1970), `log_level`, `log_namespace` and `log_format`.
  [[nodiscard]] std::optional<value_view> field(std::string_view name) const;

 private:
  friend class detail::rendering;
  friend struct detail::kept_parts;
  log_event() noexcept {}  // a defaulted one would be filled with zeros first
  mutable detail::rendering* unrendered_ = nullptr;
  mutable std::string_view text_;
};

/// A copy of an event that owns everything: fields keep their kinds and members; a field of kind `other` becomes a
/// text. The exception is `where`, which points into the code that logged: a library that logs must not be unloaded
/// while its kept events exist.
///
/// Thread safety: as a value's; may be moved to another thread.
class kept_log_event {
 public:
  explicit kept_log_event(const log_event& event);
  kept_log_event(kept_log_event&& other) noexcept;
  kept_log_event& operator=(kept_log_event&& other) noexcept;
  ~kept_log_event();

  [[nodiscard]] const log_event& event() const noexcept;

 private:
  std::unique_ptr<detail::kept_parts> parts_;
};

}  // namespace interloop
