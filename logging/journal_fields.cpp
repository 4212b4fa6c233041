// SPDX-License-Identifier: MIT
#include "logging/journal_fields.hpp"

#include "logging/render.hpp"

namespace interloop::detail {

namespace {

// The journal's own names, and those that are set here.
bool is_taken(const std::string& name) {
  for (const std::string_view own : {"MESSAGE", "PRIORITY", "ERRNO", "DOCUMENTATION", "TID", "UNIT", "USER_UNIT",
                                     "INVOCATION_ID", "LOG_LEVEL", "LOG_NAMESPACE", "LOG_FORMAT", "GLIB_DOMAIN"})
    if (name == own) return true;
  for (const std::string_view begin : {"MESSAGE_", "CODE_", "SYSLOG_", "OBJECT_", "COREDUMP_"})
    if (name.starts_with(begin)) return true;
  return false;
}

}  // namespace

std::string journal_name(std::string_view field) {
  std::string name;
  for (const char c : field) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (name.empty() && !lower && !(c >= 'A' && c <= 'Z')) continue;
    name += lower ? static_cast<char>(c - 'a' + 'A') : plain ? c : '_';
  }
  if (name.empty() || is_taken(name)) name.insert(0, "FIELD_");
  if (name.size() > 64) name.resize(64);
  return name;
}

const char* journal_priority(log_level level) noexcept {
  switch (level) {
    case log_level::critical:
      return "2";
    case log_level::error:
      return "3";
    case log_level::warn:
      return "4";
    case log_level::info:
      return "6";
    default:
      return "7";
  }
}

journal_fields fields_for_journal(const log_event& event) {
  journal_fields all{{"MESSAGE", std::string(event.text())},
                     {"PRIORITY", journal_priority(event.level)},
                     {"LOG_LEVEL", std::string(to_string(event.level))},
                     {"LOG_NAMESPACE", std::string(event.name)},
                     {"LOG_FORMAT", std::string(event.format)}};
  if (event.where.line() != 0) {
    all.emplace_back("CODE_FILE", event.where.file_name());
    all.emplace_back("CODE_LINE", std::to_string(event.where.line()));
    all.emplace_back("CODE_FUNC", event.where.function_name());
  }
  for (const field_view& field : event.fields) {
    all.emplace_back(journal_name(field.name), detail::text_of(field.value));
    if (field.value.kind() == value_kind::failure)
      all.emplace_back(journal_name(std::string(field.name) + "_traceback"),
                       failure_format_traceback(field.value.as_failure()));
  }
  return all;
}

}  // namespace interloop::detail
