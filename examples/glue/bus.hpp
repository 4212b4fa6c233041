// SPDX-License-Identifier: MIT
// libdbus on interloop. It tells what it waits for: one watch for reading and one for writing, of the same descriptor,
// and a timeout for each call. What has come in already it does not tell: it has to be dispatched until nothing is left.
#pragma once

#include <interloop/api.hpp>
#include <interloop/future.hpp>
#include <interloop/glue.hpp>

#include <map>
#include <string>

struct DBusConnection;
struct DBusTimeout;

namespace glued {

/// A private connection to a message bus.
///
/// Thread safety: the loop's thread only; it has to be destroyed while the loop exists, and not inside its callbacks.
class bus {
 public:
  /// Connects, which blocks: libdbus has no other way.
  /// \param address  as `unix:path=/run/dbus/system_bus_socket`.
  /// Errors: `interloop::error` with the library's text.
  bus(interloop::api on, const std::string& address);
  bus(const bus&) = delete;
  bus& operator=(const bus&) = delete;
  ~bus();

  /// Calls a method that takes at most one text and returns a text; what the service answers.
  /// Errors: fails with `interloop::error` if the service does, or does not answer within `limit`.
  [[nodiscard]] interloop::future<std::string> call(const std::string& service, const std::string& method,
                                                    const std::string& argument = {},
                                                    interloop::duration limit = std::chrono::seconds(25));

  /// Answers each call of any method of this connection by the text that it has got.
  void serve_echo();

  /// This connection's name on the bus.
  [[nodiscard]] std::string name() const;

 private:
  struct hooks;  // what libdbus calls

  void set_timeout(DBusTimeout* timeout);
  void on_deadline();

  interloop::api loop_;
  DBusConnection* connection_ = nullptr;
  std::map<DBusTimeout*, interloop::time_point> timeouts_;  // those that are enabled
  interloop::glue glue_;
};

}  // namespace glued
