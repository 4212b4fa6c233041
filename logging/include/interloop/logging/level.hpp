// SPDX-License-Identifier: MIT
// How severe a message is, from most severe to finest, and the names that people write.
#pragma once

#include <array>
#include <string_view>

namespace interloop {

/// The levels of `txaio.interfaces.log_levels`, in their order: a level lets itself and all more severe ones through.
enum class log_level : unsigned char { none, critical, error, warn, info, debug, trace };

/// The names, each at its level's place. Source: `txaio.interfaces.log_levels`.
inline constexpr std::array<std::string_view, 7> log_levels{"none", "critical", "error", "warn",
                                                            "info", "debug",    "trace"};

/// A level's name. For a number that is not a level, "none".
[[nodiscard]] constexpr std::string_view to_string(log_level level) noexcept {
  const auto index = static_cast<std::size_t>(level);
  return log_levels[index < log_levels.size() ? index : 0];
}

/// The level of that name. Errors: `usage_error`, which lists the valid ones.
[[nodiscard]] log_level parse_log_level(std::string_view name);

namespace detail {
[[noreturn]] void throw_no_log_level(log_level number);
}

/// The parameter of functions that take a level: a `log_level`, or its name, such as one read from a configuration.
///
/// Errors: `usage_error`, which lists the valid names, if the name is unknown or the number is not a level.
class log_threshold {
 public:
  constexpr log_threshold(log_level level) : level_(level) {
    if (level > log_level::trace) detail::throw_no_log_level(level);
  }
  log_threshold(std::string_view name) : level_(parse_log_level(name)) {}
  log_threshold(const char* name) : level_(parse_log_level(name ? name : "")) {}

  [[nodiscard]] constexpr log_level level() const noexcept { return level_; }

 private:
  log_level level_;
};

}  // namespace interloop
