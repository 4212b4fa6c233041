// SPDX-License-Identifier: MIT
#include <interloop/logger.hpp>

#include <interloop/error.hpp>
#include <interloop/logging/receive.hpp>

#include "logging/categories.hpp"
#include "logging/render.hpp"
#include "logging/state.hpp"

#include <array>
#include <string>

namespace interloop {

namespace detail {

namespace {

// Fills in what all events have, and sends them.
class outgoing {
 public:
  outgoing(rendering& text, log_level level, std::string_view name, std::string_view format, std::source_location where,
           std::span<const field_view> fields, std::string_view origin = {}) noexcept
      : event_(rendering::make()) {
    event_.time = std::chrono::system_clock::now();
    event_.level = level;
    event_.name = name;
    event_.format = format;
    event_.where = where;
    event_.fields = fields;
    event_.origin = origin;
    text.attach(event_);
  }
  [[nodiscard]] log_event& event() noexcept { return event_; }

  /// Returns whether a sink has taken it.
  bool send() noexcept {
    try {
      return log_state::get().dispatch(event_);
    } catch (...) {  // no memory to keep it, or to render it
      log_state::get().lose_one();
      return false;
    }
  }

 private:
  log_event event_;
};

const named_core& named(const logger_core& core) noexcept { return static_cast<const named_core&>(core); }

// A text as it is: a single piece.
bool send_text(log_level level, std::string_view name, std::string_view text, std::source_location where,
               std::span<const field_view> fields, std::string_view origin = {}) noexcept {
  rendering rendered(nullptr);
  outgoing out(rendered, level, name, text, where, fields, origin);
  rendered.set_text(out.event(), text);
  return out.send();
}

// For an event without a format: the category, then the fields.
std::string format_of_fields(std::span<const field_view> fields) {
  std::string format = "{log_category}";
  for (const field_view& field : fields)
    if (field.name != "log_category")
      format.append(" ").append(field.name).append("={").append(field.name).append("!r}");
  return format;
}

// The format that replaces the call's own, or null.
std::shared_ptr<const std::string> category_of(std::span<const field_view> fields) {
  std::shared_ptr<const std::string> category;
  for (const field_view& field : fields)
    if (field.name == "log_category") category = find_category(field.value.str());
  return category;
}

}  // namespace

namespace {

const parsed_format* find_parsed_again(std::string_view literal, std::span<const field_view> fields,
                                       last_parsed& last) noexcept {
  const parsed_format* found = last.format.load(std::memory_order_acquire);
  if (!found || found->address != literal.data()) {
    found = find_parsed(literal, fields);
    last.format.store(found, std::memory_order_release);
  }
  return found;
}

}  // namespace

void log_call(const logger_core& core, log_level level, format_base format, const field_view* fields, std::size_t count,
              last_parsed& last) noexcept {
  const std::span<const field_view> given(fields, count);
  rendering text(format.is_literal ? find_parsed_again(format.text, given, last) : nullptr);
  outgoing(text, level, named(core).name, format.text, format.where, given).send();
}

void log_category(const logger_core& core, log_level level, format_base format, const field_view* fields,
                  std::size_t count) noexcept {
  const std::span<const field_view> given(fields, count);
  try {
    std::string of_fields;
    const std::shared_ptr<const std::string> category = category_of(given);
    if (!category && format.text.data()) {
      last_parsed once;
      return log_call(core, level, format, fields, count, once);
    }
    if (!category) of_fields = format_of_fields(given);
    rendering text(nullptr);
    outgoing(text, level, named(core).name, category ? *category : of_fields, format.where, given).send();
  } catch (...) {
    log_state::get().lose_one();
  }
}

void log_text(const logger_core& core, log_level level, std::string_view text, std::source_location where) noexcept {
  send_text(level, named(core).name, text, where, {});
}

void log_failure(const logger_core& core, format_base format, const failure& fail, const field_view* fields,
                 std::size_t count) noexcept {
  const std::span<const field_view> given(fields, count);
  try {
    std::vector<field_view> all(given.begin(), given.end());
    all.push_back({"log_failure", value_view(fail)});
    const std::shared_ptr<const std::string> category = category_of(given);
    rendering text(format.is_literal && !category ? find_parsed(format.text, given) : nullptr, &fail);
    const std::string_view used = category ? std::string_view(*category) : format.text;
    outgoing(text, log_level::error, named(core).name, used, format.where, all).send();
    if (log_level::debug > core.threshold.load(std::memory_order_relaxed)) return;
    send_text(log_level::debug, named(core).name, failure_format_traceback(fail), format.where, all);
  } catch (...) {
    log_state::get().lose_one();
  }
}

bool log_own(log_level level, std::string_view text, std::span<const field_view> fields) noexcept {
  try {
    const named_core& core = log_state::get().core("interloop");
    return level <= core.threshold.load(std::memory_order_relaxed) && send_text(level, core.name, text, {}, fields);
  } catch (...) {
    log_state::get().lose_one();
    return false;
  }
}

void throw_no_level() {
  throw usage_error(
      "emit: messages cannot be logged at this level; the levels are critical, error, warn, info, debug and trace");
}

}  // namespace detail

void receive_log(std::string_view origin, std::string_view name, log_level level, std::string_view text,
                 std::span<const field_view> fields, std::source_location where) noexcept {
  try {
    const detail::named_core& core = detail::log_state::get().core(name.empty() ? origin : name);
    if (level == log_level::none || level > core.threshold.load(std::memory_order_relaxed)) return;
    detail::send_text(level, core.name, text, where, fields, origin);
  } catch (...) {
    detail::log_state::get().lose_one();
  }
}

namespace {

// Quoted and escaped: a null in the format must not end the message.
[[noreturn]] void refuse_format(std::string_view format, std::size_t at, detail::format_fault fault) {
  detail::text_buffer quoted;
  detail::append_quoted(quoted, value_view(format));
  throw usage_error("the format " + fmt::to_string(quoted) + " is invalid at character " + std::to_string(at) + ": " +
                    std::string(detail::explain(fault)));
}

}  // namespace

runtime_format runtime(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    detail::piece next;
    detail::reference found;
    const char* at = rest.data();
    detail::format_fault fault = detail::take_piece(rest, next);
    if (fault != detail::format_fault::none) {
      at = rest.data();
    } else if (next.refers) {
      at = next.inner.data();
      fault = detail::read_reference(next.inner, found);
      if (fault == detail::format_fault::none) fault = detail::each_nested(found.spec, [](const detail::reference&) {});
    }
    if (fault != detail::format_fault::none) refuse_format(text, static_cast<std::size_t>(at - text.data()), fault);
  }
  return {text};
}

logger::logger(std::string_view name) : core_(&detail::log_state::get().core(name)) {}

std::string_view logger::name() const noexcept { return detail::named(*core_).name; }

void logger::set_level(log_threshold level) const {
  detail::log_state::get().pin(detail::named(*core_), true, level.level());
}

void logger::follow_global_level() const noexcept {
  detail::log_state::get().pin(detail::named(*core_), false, log_level::none);
}

log_level logger::level() const noexcept { return detail::log_state::get().level_of(detail::named(*core_)); }

}  // namespace interloop
