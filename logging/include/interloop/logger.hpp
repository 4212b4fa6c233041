// SPDX-License-Identifier: MIT
// Logging for libraries and applications: named fields, levels, hardly any cost when a level is off.
// Start here; applications also need logging/start.hpp and logging/sink.hpp.
#pragma once

#include <interloop/version.hpp>  // first: it checks the language version

#include <interloop/failure.hpp>
#include <interloop/logging/field.hpp>
#include <interloop/logging/format.hpp>
#include <interloop/logging/level.hpp>

#include <atomic>
#include <concepts>
#include <source_location>
#include <string>
#include <string_view>

// Qt defines `emit` as an empty macro: this header removes it, and restores it at its end.
#pragma push_macro("emit")
#undef emit

namespace interloop {
namespace detail {

// What loggers of one name share. Never destroyed, so that the last destructors can still log.
struct logger_core {
  // The finest level that passes: the logger's own or the global one, limited to what some sink wants. Always read
  // relaxed, because no other data depends on it.
  std::atomic<log_level> threshold;
};

struct parsed_format;
// What was parsed for the last literal of calls with the same fields. Each library and program has one of its own, which
// is unloaded with its literals, so that a literal of the same address is the same one.
struct last_parsed {
  std::atomic<const parsed_format*> format{nullptr};
};

void log_call(const logger_core& core, log_level level, format_base format, const field_view* fields, std::size_t count,
              last_parsed& last) noexcept;
void log_category(const logger_core& core, log_level level, format_base format, const field_view* fields,
                  std::size_t count) noexcept;
void log_text(const logger_core& core, log_level level, std::string_view text, std::source_location where) noexcept;
void log_failure(const logger_core& core, format_base format, const failure& fail, const field_view* fields,
                 std::size_t count) noexcept;
[[noreturn]] void throw_no_level();

template <class T>
concept plain_text = std::same_as<T, std::string> || std::same_as<T, std::string_view>;

template <class... Fields>
concept with_category = ((Fields::name == "log_category") || ...);

}  // namespace detail

/// Logs, under a name. A small handle, to copy freely; loggers of the same name share their state. The library keeps
/// that state for as long as the process runs, so name loggers after code; what a message is about goes into its
/// fields.
///
/// Each level has a function of this form, and none of them throws or blocks on anything but sinks:
///
///     log.info("Hopping {times} times.", "times"_a = 42);   // a format, checked by the compiler, and its fields
///     log.info(runtime(text), "times"_a = 42);              // a format that is known only at run time
///     log.info("log_category"_a = "hop", "times"_a = 42);   // a category's format: see add_log_categories
///     log.info(some_std_string);                            // a text as it is, braces and all
///
/// A call may have fields that its format does not name. Values of fields are looked at only if the level is on. If a
/// user's formatter throws, the message says so.
///
/// Thread safety: any thread, any callback, any destructor, even while the process exits.
/// Source: `txaio.interfaces.ILogger`.
class logger {
 public:
  /// A logger of that name. `make_logger` is the usual way.
  explicit logger(std::string_view name);

#define INTERLOOP_LOG_LEVEL(name)                                                                            \
  template <class... Fields>                                                                                 \
  void name(log_format<std::type_identity_t<Fields>...> format, Fields... fields) const noexcept {           \
    if (enabled(log_level::name)) [[unlikely]]                                                               \
      call(log_level::name, format.text, format.where, format.is_literal, fields...);                        \
  }                                                                                                          \
  template <class... Fields>                                                                                 \
    requires detail::with_category<Fields...>                                                                \
  void name(Fields... fields) const noexcept {                                                               \
    if (enabled(log_level::name)) [[unlikely]]                                                               \
      call(log_level::name, {}, {}, false, fields...);                                                       \
  }                                                                                                          \
  template <detail::plain_text Text>                                                                         \
  void name(const Text& text, std::source_location where = std::source_location::current()) const noexcept { \
    if (enabled(log_level::name)) [[unlikely]]                                                               \
      detail::log_text(*core_, log_level::name, text, where);                                                \
  }
  INTERLOOP_LOG_LEVEL(critical)
  INTERLOOP_LOG_LEVEL(error)
  INTERLOOP_LOG_LEVEL(warn)
  INTERLOOP_LOG_LEVEL(info)
  INTERLOOP_LOG_LEVEL(debug)
  INTERLOOP_LOG_LEVEL(trace)
#undef INTERLOOP_LOG_LEVEL

  /// Logs at a level that is known only at run time; after the level, the arguments are those of the level's own
  /// function. `log_at` is the same, for code in which Qt makes `emit` a macro. Errors: `usage_error` for `none`, at
  /// which nothing can be logged.
#define INTERLOOP_LOG_AT_LEVEL(name)                                                                                 \
  template <class... Fields>                                                                                         \
  void name(log_level level, log_format<std::type_identity_t<Fields>...> format, Fields... fields) const {           \
    if (passes(level)) [[unlikely]]                                                                                  \
      call(level, format.text, format.where, format.is_literal, fields...);                                          \
  }                                                                                                                  \
  template <class... Fields>                                                                                         \
    requires detail::with_category<Fields...>                                                                        \
  void name(log_level level, Fields... fields) const {                                                               \
    if (passes(level)) [[unlikely]]                                                                                  \
      call(level, {}, {}, false, fields...);                                                                         \
  }                                                                                                                  \
  template <detail::plain_text Text>                                                                                 \
  void name(log_level level, const Text& text, std::source_location where = std::source_location::current()) const { \
    if (passes(level)) [[unlikely]]                                                                                  \
      detail::log_text(*core_, level, text, where);                                                                  \
  }
  INTERLOOP_LOG_AT_LEVEL(emit)
  INTERLOOP_LOG_AT_LEVEL(log_at)
#undef INTERLOOP_LOG_AT_LEVEL

  /// Logs the message followed by `: ` and the failure's `failure_message` at level error, and its traceback at debug.
  /// The event has the failure as a field, `log_failure`. A field `log_category` works as above. Source: the idiom of
  /// txaio's programming guide.
  template <class... Fields>
  void failure(log_format<std::type_identity_t<Fields>...> format, const interloop::failure& fail,
               Fields... fields) const noexcept {
    if (!enabled(log_level::error)) return;
    const field_view views[]{{Fields::name, detail::view_of(fields.value)}..., {}};
    detail::log_failure(*core_, format, fail, views, sizeof...(Fields));
  }

  /// Whether a message at that level would go anywhere: ask before preparing something expensive.
  [[nodiscard]] bool enabled(log_level level) const noexcept {
    return level <= core_->threshold.load(std::memory_order_relaxed);
  }

  /// `log_namespace`. Valid forever.
  [[nodiscard]] std::string_view name() const noexcept;

  /// Pins this logger, and all others of its name, to a level, whatever the global one is. Errors: as `log_threshold`.
  void set_level(log_threshold level) const;
  /// Removes the pin.
  void follow_global_level() const noexcept;
  /// Its own level if it is pinned, otherwise the global one.
  [[nodiscard]] log_level level() const noexcept;

 private:
  [[nodiscard]] bool passes(log_level level) const {
    if (level == log_level::none || level > log_level::trace) detail::throw_no_level();
    return enabled(level);
  }

  // Takes a format's parts one by one, in registers, so that nothing is written to memory when the level is off. Hidden,
  // so that a library does not call another one's, see `last_parsed`.
  template <class... Fields>
  [[gnu::noinline, gnu::visibility("hidden")]] void call(log_level level, std::string_view text,
                                                         std::source_location where, bool is_literal,
                                                         Fields... fields) const noexcept {
    const field_view views[]{{Fields::name, detail::view_of(fields.value)}..., {}};
    const detail::format_base format{text, where, is_literal};
    if constexpr (detail::with_category<Fields...>) {
      detail::log_category(*core_, level, format, views, sizeof...(Fields));
    } else {
      static constinit detail::last_parsed last;
      detail::log_call(*core_, level, format, views, sizeof...(Fields), last);
    }
  }

  const detail::logger_core* core_;
};

/// A logger with the given name, or named after its caller: the function with its namespaces (in a constructor, the
/// class); at namespace scope the file, without folders and extension.
///
/// Thread safety: any. Source: `txaio.make_logger`.
[[nodiscard]] logger make_logger(std::source_location where = std::source_location::current());
[[nodiscard]] logger make_logger(std::string_view name);

}  // namespace interloop

#pragma pop_macro("emit")
