// SPDX-License-Identifier: MIT
#define G_LOG_USE_STRUCTURED
#include <interloop/logging/glib.hpp>

#include <interloop/logging/receive.hpp>

#include "logging/journal_fields.hpp"

#include <glib.h>

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace interloop {

namespace {

constexpr std::string_view origin = "glib";
constexpr const char* mark = "INTERLOOP_SINK";  // on messages that came from here, so that they do not come back

// Never G_LOG_LEVEL_ERROR: GLib ends the process after one.
GLogLevelFlags to_glib(log_level level) noexcept {
  switch (level) {
    case log_level::critical:
    case log_level::error:
      return G_LOG_LEVEL_CRITICAL;
    case log_level::warn:
      return G_LOG_LEVEL_WARNING;
    case log_level::info:
      return G_LOG_LEVEL_INFO;
    default:
      return G_LOG_LEVEL_DEBUG;
  }
}

log_level from_glib(GLogLevelFlags flags) noexcept {
  if (flags & G_LOG_LEVEL_ERROR) return log_level::critical;
  if (flags & G_LOG_LEVEL_CRITICAL) return log_level::error;
  if (flags & G_LOG_LEVEL_WARNING) return log_level::warn;
  if (flags & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO)) return log_level::info;
  return log_level::debug;
}

class glib_sink : public log_sink {
 public:
  void write(const log_event& event) override {
    if (event.origin == origin) return;
    detail::journal_fields fields = detail::fields_for_journal(event);
    fields.emplace_back("GLIB_DOMAIN", event.name);
    fields.emplace_back(mark, "1");
    std::vector<GLogField> views;
    for (const auto& [name, value] : fields) {
      const bool has_null = value.find('\0') != value.npos;  // GLib's writers expect no size for other values
      views.push_back({name.c_str(), value.c_str(), has_null ? static_cast<gssize>(value.size()) : -1});
    }
    g_log_structured_array(to_glib(event.level), views.data(), views.size());
  }
};

GLogWriterOutput receive(GLogLevelFlags flags, const GLogField* fields, gsize count, gpointer unused) {
  std::string_view text;
  std::string_view domain;
  std::vector<field_view> others;
  for (const GLogField* each = fields; each != fields + count; ++each) {
    const auto* const bytes = static_cast<const char*>(each->value);
    const std::string_view value = !bytes             ? std::string_view()
                                   : each->length < 0 ? std::string_view(bytes)
                                                      : std::string_view(bytes, static_cast<std::size_t>(each->length));
    const std::string_view key = each->key;
    if (key == mark) return g_log_writer_default(flags, fields, count, unused);
    if (key == "MESSAGE")
      text = value;
    else if (key == "GLIB_DOMAIN")
      domain = value;
    else if (key != "PRIORITY")
      others.push_back({key, value_view(value)});
  }
  receive_log(origin, domain, from_glib(flags), text, others);
  if (flags & (G_LOG_FLAG_FATAL | G_LOG_LEVEL_ERROR)) flush_logs();  // GLib ends the process next
  return G_LOG_WRITER_HANDLED;
}

}  // namespace

std::shared_ptr<log_sink> make_glib_sink() { return std::make_shared<glib_sink>(); }

void receive_glib() {
  static std::atomic<bool> done{false};
  if (!done.exchange(true)) g_log_set_writer_func(receive, nullptr, nullptr);
}

}  // namespace interloop
