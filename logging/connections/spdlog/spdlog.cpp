// SPDX-License-Identifier: MIT
#include <interloop/logging/spdlog.hpp>

#include <interloop/logging/receive.hpp>

#include "logging/render.hpp"

#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

namespace interloop {

namespace {

constexpr std::string_view origin = "spdlog";

spdlog::level::level_enum to_spdlog(log_level level) noexcept {
  switch (level) {
    case log_level::critical:
      return spdlog::level::critical;
    case log_level::error:
      return spdlog::level::err;
    case log_level::warn:
      return spdlog::level::warn;
    case log_level::info:
      return spdlog::level::info;
    case log_level::debug:
      return spdlog::level::debug;
    case log_level::trace:
      return spdlog::level::trace;
    case log_level::none:
      break;
  }
  return spdlog::level::off;
}

log_level from_spdlog(spdlog::level::level_enum level) noexcept {
  switch (level) {
    case spdlog::level::critical:
      return log_level::critical;
    case spdlog::level::err:
      return log_level::error;
    case spdlog::level::warn:
      return log_level::warn;
    case spdlog::level::info:
      return log_level::info;
    case spdlog::level::debug:
      return log_level::debug;
    case spdlog::level::trace:
      return log_level::trace;
    default:
      return log_level::none;
  }
}

std::string_view view(spdlog::string_view_t text) { return {text.data(), text.size()}; }
spdlog::string_view_t view(std::string_view text) { return {text.data(), text.size()}; }

class receiver : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    const bool placed = !message.source.empty();
    const field_view place[]{{"code_file", value_view(std::string_view(placed ? message.source.filename : ""))},
                             {"code_line", value_view(std::int64_t{message.source.line})}};
    receive_log(origin, view(message.logger_name), from_spdlog(message.level), view(message.payload),
                std::span(place, placed ? 2 : 0));
  }
  void flush() override { flush_logs(); }
  void set_pattern(const std::string&) override {}  // the text is passed on as it is
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

// Whether a format refers to the field, even as a width: if so, the text shows it.
bool shows(std::string_view format, std::string_view name) {
  bool found = false;
  detail::piece next;
  while (!found && !format.empty() && detail::take_piece(format, next) == detail::format_fault::none) {
    detail::reference to;
    if (!next.refers || detail::read_reference(next.inner, to) != detail::format_fault::none) continue;
    found = to.name == name;
    detail::each_nested(to.spec, [&](const detail::reference& width) { found = found || width.name == name; });
  }
  return found;
}

// spdlog's default logger; after spdlog has destroyed its own when the process ends, the last one.
class default_logger {
 public:
  static std::shared_ptr<spdlog::logger> get() {
    static const bool watched = watch();
    return watched && spdlog_is_gone.load(std::memory_order_acquire) ? last() : spdlog::default_logger();
  }

 private:
  static bool watch() {
    (void)spdlog::default_logger();         // this creates spdlog's registry,
    return std::atexit(&say_goodbye) == 0;  // so this runs before that is destroyed
  }
  static void say_goodbye() {
    last() = spdlog::default_logger();
    spdlog_is_gone.store(true, std::memory_order_release);
  }
  static std::shared_ptr<spdlog::logger>& last() {
    static auto* const made = new std::shared_ptr<spdlog::logger>;  // never destroyed, like loggers
    return *made;
  }
  static constinit inline std::atomic<bool> spdlog_is_gone{false};
};

class spdlog_sink : public log_sink {
 public:
  explicit spdlog_sink(std::shared_ptr<spdlog::logger> to) : to_(std::move(to)) {}

  void write(const log_event& event) override {
    if (event.origin == origin) return;
    const std::shared_ptr<spdlog::logger> to = to_ ? to_ : default_logger::get();
    const spdlog::level::level_enum level = to_spdlog(event.level);
    if (!to || !to->should_log(level)) return;
    std::string text(event.text());
    for (const field_view& field : event.fields)
      if (field.name != "log_failure" && !shows(event.format, field.name))  // a failure's text has it anyway
        text.append(" ").append(field.name).append("=").append(detail::text_of(field.value));
    const spdlog::source_loc place{event.where.file_name(), static_cast<int>(event.where.line()),
                                   event.where.function_name()};
    const auto time = std::chrono::time_point_cast<spdlog::log_clock::duration>(event.time);
    const spdlog::details::log_msg message(time, place, view(event.name), level, view(std::string_view(text)));
    for (const auto& sink : to->sinks())
      if (sink->should_log(level) && !dynamic_cast<const receiver*>(sink.get())) sink->log(message);
    if (level >= to->flush_level()) flush_sinks(*to);
  }

  void flush() override {
    if (const std::shared_ptr<spdlog::logger> to = to_ ? to_ : default_logger::get()) flush_sinks(*to);
  }

 private:
  static void flush_sinks(spdlog::logger& to) {
    for (const auto& sink : to.sinks())
      if (!dynamic_cast<const receiver*>(sink.get())) sink->flush();  // a receiver would flush this one
  }

  std::shared_ptr<spdlog::logger> to_;
};

}  // namespace

std::shared_ptr<log_sink> make_spdlog_sink(std::shared_ptr<spdlog::logger> to) {
  if (!to) (void)default_logger::get();  // now, because later may be too late
  return std::make_shared<spdlog_sink>(std::move(to));
}

std::shared_ptr<spdlog::sinks::sink> make_spdlog_receiver() { return std::make_shared<receiver>(); }

void receive_spdlog() {
  const std::shared_ptr<spdlog::sinks::sink> shared = make_spdlog_receiver();
  spdlog::apply_all([&](const std::shared_ptr<spdlog::logger>& each) { each->sinks() = {shared}; });
}

}  // namespace interloop
