// SPDX-License-Identifier: MIT
// How a session reaches its router, and who it is there. These types have constructors, so that they may be written
// inside a `co_await` (see the guide about g++ 12 and aggregates); their fields are set one by one.
#pragma once

#include <interloop/time.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace interloop::wamp {

/// How messages are written as bytes. MessagePack is the fastest here, and the smallest with CBOR.
enum class serializer : unsigned char { json, msgpack, cbor };

/// TLS 1.2 or newer, by OpenSSL. By default, the router's certificate and name are verified.
struct tls_options {
  /// The authorities that are trusted: a PEM file. Empty: the system's.
  std::string authorities{};
  /// The client's own certificate and key, PEM files, if the router asks for them.
  std::string certificate{};
  std::string key{};
  /// The name, or numeric address, that the router's certificate must be for. Empty: the host of the URL.
  std::string server_name{};
  /// False accepts every certificate: the data is then encrypted, but not safe from somebody in between.
  bool verify = true;
};

/// How to reach a router.
struct transport_options {
  /// \param where  where the router listens; see the field.
  transport_options(std::string where = {}) : url(std::move(where)) {}
  transport_options(const char* where) : url(where) {}

  /// `ws://host:port/path`, `wss://…` (WebSocket), `rs://host:port`, `rss://…` (RawSocket), the latter of both with TLS;
  /// by Unix sockets `unix:/path` (RawSocket) and `ws+unix:/path?path=/ws`. As Autobahn and Crossbar write them.
  std::string url;
  /// What may be used, in order of preference. WebSocket lets the router choose among them; RawSocket uses the first.
  std::vector<serializer> serializers{serializer::msgpack, serializer::cbor, serializer::json};
  /// The longest message that is accepted, in bytes; a longer one ends the connection. RawSocket: 512 bytes at least.
  std::size_t largest = std::size_t{16} << 20U;
  tls_options tls;
  /// How long one attempt may take, with the name's look-up, TLS and the transport's handshake. Zero: no limit.
  duration connect_timeout = std::chrono::seconds(10);
  /// WebSocket only: how long the connection may be silent before a ping is sent (zero: none is), and how long the answer
  /// may take before the connection counts as lost.
  duration ping_interval = std::chrono::seconds(30);
  duration ping_timeout = std::chrono::seconds(10);
};

/// No authentication: the router chooses an identity.
struct anonymous {
  /// The identity that is asked for; usually empty.
  std::string authid{};
};
/// A secret that is sent as it is: only over TLS, or within one machine.
struct ticket {
  std::string authid;
  std::string secret;
};
/// WAMP-CRA: proves that it knows the secret by HMAC-SHA256, with or without a salt (PBKDF2), as the router asks.
struct wampcra {
  std::string authid;
  std::string secret;
};
/// SCRAM by SHA-256; the router chooses how the key is derived: "pbkdf2", or Argon2id with the key as the specification
/// has it ("argon2id13"), or as Autobahn and Crossbar do ("argon2id-13"). For Argon2, this library must have been built
/// with libargon2; otherwise joining fails with `usage_error`, which says so. Deriving takes up to seconds, in a thread of
/// its own; more than 16,777,216 rounds by KiB, or 1 GiB, are refused. The password is not normalized: give it in
/// SASLprep form.
struct scram {
  std::string authid;
  std::string password;
};
/// Cryptosign: proves possession of an Ed25519 key, without TLS channel binding.
struct cryptosign {
  /// Empty: the router finds it by the key.
  std::string authid;
  /// The 32 bytes of the private key's seed, as 64 hexadecimal digits.
  std::string private_key;
};
using authentication = std::variant<anonymous, ticket, wampcra, scram, cryptosign>;

/// Who joins, and which realm. Secrets are in no message of an error and in no log.
struct session_options {
  session_options(std::string name = "realm1") : realm(std::move(name)) {}
  session_options(const char* name) : realm(name) {}

  std::string realm;
  /// What is offered to the router, at most one of each kind; it chooses. All have the same `authid`, or none. Empty:
  /// `anonymous`.
  std::vector<authentication> authentications;
  /// The role that is asked for; usually empty.
  std::string authrole;
  /// How long the router may take from HELLO to WELCOME. Zero: no limit. A router does not always answer.
  duration join_timeout = std::chrono::seconds(10);
  /// How long `leave` waits for the router's GOODBYE before it closes the transport.
  duration leave_timeout = std::chrono::seconds(2);
  /// Whether errors of procedures that were registered here are sent with their tracebacks, to any caller.
  bool send_tracebacks = false;
};

/// How long to wait between attempts to connect: `first` after the first failure, then twice as long each time, up to
/// `most`. Each wait is shortened by a random part of up to a half, so that many clients do not come at the same time.
struct reconnect_options {
  reconnect_options(duration shortest = std::chrono::milliseconds(100), duration longest = std::chrono::seconds(10),
                    int tries = -1)
      : first(shortest), most(longest), attempts(tries) {}

  duration first;
  duration most;
  /// How many attempts in a row may fail before the component gives up; negative: any number.
  int attempts;
};

}  // namespace interloop::wamp
