// SPDX-License-Identifier: MIT
// The settings of a client.
#pragma once

#include <interloop/time.hpp>
#include <interloop/version.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace interloop::http {

/// Which versions of HTTP a client speaks.
enum class protocol : unsigned char {
  automatic,              ///< over TLS: HTTP/2 if the server has it, otherwise HTTP/1.1; without TLS: HTTP/1.1
  http1,                  ///< HTTP/1.1 only
  http2_prior_knowledge,  ///< HTTP/2, without TLS too (h2c); the server must speak it
};

/// A client's settings. Certificates are always verified.
struct client_options {
  /// How long a request may take: waiting for a connection, redirects, and the whole body. Zero: no limit.
  duration timeout = std::chrono::seconds(30);
  /// How long looking up the server's name, connecting and the TLS handshake may take together. Zero: no limit.
  duration connect_timeout = std::chrono::seconds(10);

  /// How many connections there are at once, all together and to one host. Requests beyond that wait for one of them.
  /// Zero: no limit.
  long max_connections = 100;
  long max_connections_per_host = 0;

  /// How many redirects in a row are followed. Zero: none, the redirect is the response.
  int max_redirects = 0;

  /// The most bytes of a response's body that are kept in memory, decompressed. A response that is larger fails; one
  /// that is read as a stream has no limit.
  std::size_t max_body = std::size_t{64} << 20;
  /// The most bytes of a response's headers, with its status line.
  std::size_t max_headers = std::size_t{256} << 10;
  /// How many bytes of a streamed response are read ahead of its reader, roughly.
  std::size_t stream_buffer = std::size_t{256} << 10;

  protocol speak = protocol::automatic;
  /// Asks for compressed bodies and decompresses them. Without it, bodies are passed on as they come.
  bool decompress = true;

  /// The value of `User-Agent` in requests that have none. Empty: not sent.
  std::string user_agent = "interloop/" INTERLOOP_VERSION;
  /// A proxy, such as "http://name:password@proxy.example:3128" or "socks5h://127.0.0.1:1080". Empty: none; the
  /// environment's variables are not read.
  std::string proxy{};
  /// A PEM file with the certificates of the authorities that are trusted. Empty: the system's.
  std::string ca_file{};
};

}  // namespace interloop::http
