// SPDX-License-Identifier: MIT
// How a client, or a subscriber, connects and behaves.
#pragma once

#include <interloop/time.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace interloop::redis {

/// A connection by TLS 1.2 or newer, by OpenSSL. By default, the server's certificate and name are verified.
struct tls_options {
  /// The authorities that are trusted: a PEM file. Empty: the system's.
  std::string authorities{};
  /// The client's own certificate and key, PEM files, if the server asks for them.
  std::string certificate{};
  std::string key{};
  /// The name, or numeric address, that the server's certificate must be for. Empty: the host given to `connect`.
  std::string server_name{};
  /// False accepts every certificate: the data is then encrypted, but not safe from somebody in between.
  bool verify = true;
};

/// How long to wait between attempts to connect: `first` after the first failure, then twice as long each time, up to
/// `most`. Each wait is shortened by a random part of up to a half, so that many clients do not come at the same time.
struct reconnect_options {
  duration first = std::chrono::milliseconds(100);
  duration most = std::chrono::seconds(10);
};

struct client_options {
  /// How long each command may take from its call to its reply. Zero: no limit.
  duration timeout = std::chrono::seconds(10);
  /// How long one attempt to connect may take, including looking the name up, TLS and the commands below. If the name
  /// has several addresses, each one but the last has its share of it. Zero: no limit.
  duration connect_timeout = std::chrono::seconds(10);
  /// The DNS servers to ask, as in `dns::resolver_options::servers`. Empty: the system's.
  std::string name_servers{};

  /// Sent as `AUTH` once connected, if there is a password. Without a user: the default user's password.
  std::string user{};
  std::string password{};
  /// Sent as `SELECT`, unless it is 0.
  int database = 0;
  /// Sent as `CLIENT SETNAME`, unless it is empty.
  std::string name{};
  /// 3 sends `HELLO 3`. That needs hiredis 1.0 or newer; with an older one, it is refused. A `client` drops what the
  /// server pushes without having been asked.
  int protocol = 2;

  /// With TLS.
  std::optional<tls_options> tls{};

  /// Whether to connect again, and for how long to wait. Without this, a lost connection stays lost until `connect` is
  /// called again.
  std::optional<reconnect_options> reconnect{};
  /// With `reconnect`: commands that are called while there is no connection wait for the next one, at most as long as
  /// `timeout` says. Otherwise they fail at once with `connection_error`. Those that were sent already are never sent
  /// again: they fail with `connection_lost`.
  bool wait_while_down = false;

  /// Of a subscriber: how many messages wait to be taken. While there are more, it does not read from the server.
  std::size_t message_capacity = 1024;
};

}  // namespace interloop::redis
