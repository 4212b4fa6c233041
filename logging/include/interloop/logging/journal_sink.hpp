// SPDX-License-Identifier: MIT
// Logs to systemd's journal, with each field as a journal field.
#pragma once

#include <interloop/logging/sink.hpp>

#include <memory>
#include <string_view>

namespace interloop {

/// Sends messages to systemd's journal, in its own protocol: `MESSAGE`, `PRIORITY`, `SYSLOG_IDENTIFIER`, `CODE_FILE`,
/// `CODE_LINE`, `CODE_FUNC`, `LOG_LEVEL`, `LOG_NAMESPACE`, `LOG_FORMAT`, and each field under its name in capitals,
/// with `FIELD_` before it if the name is one of these or another of the journal's own. A message too large for a
/// datagram is sent as a sealed file. Needs no systemd library.
///
/// Thread safety: any. Errors, from `write`: `error` with the system's reason, if the journal is not running or accepts
/// nothing for a second. Source: systemd's "Native Journal Protocol".
class journal_sink : public log_sink {
 public:
  /// \param identifier  the program's name in the journal; empty: the running program's.
  /// \param socket      where the journal listens.
  /// Errors: `usage_error` if the path is too long; `error` if no socket can be made. Whether the journal is running is
  /// checked with each message, because it may be restarted.
  explicit journal_sink(std::string_view identifier = {}, std::string_view socket = "/run/systemd/journal/socket");
  ~journal_sink() override;

  void write(const log_event& event) override;

 private:
  struct inside;
  std::unique_ptr<inside> inside_;
};

}  // namespace interloop
