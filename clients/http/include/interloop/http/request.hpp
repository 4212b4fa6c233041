// SPDX-License-Identifier: MIT
// A request.
#pragma once

#include <interloop/async_generator.hpp>
#include <interloop/http/headers.hpp>
#include <interloop/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace interloop::http {

/// Bytes, piece by piece.
using byte_stream = async_generator<std::string>;

/// What is sent. A value that owns its parts; with a stream as its body it can only be moved.
///
///     http::request("PUT", url, "text").with_header("Content-Type", "text/plain").with_timeout(5s)
///
/// It has constructors, and is not initialized member by member, because g++ 12 destroys such an object twice if it is
/// made inside a `co_await`.
struct request {
  /// Nothing, bytes, or a stream of them.
  using body_type = std::variant<std::monostate, std::string, byte_stream>;

  /// A GET.
  request(std::string of_url) : url(std::move(of_url)) {}
  request(const char* of_url) : url(of_url) {}
  /// Any method; case matters.
  request(std::string with_method, std::string of_url, body_type with_body = {})
      : url(std::move(of_url)), method(std::move(with_method)), body(std::move(with_body)) {}

  /// `http://` or `https://`. Credentials in it (`name:password@`) are sent as HTTP Basic authentication.
  std::string url;
  std::string method = "GET";
  /// `Content-Length` and `Transfer-Encoding` follow from the body, and must not be among them. No `Content-Type` is
  /// added.
  header_list headers;
  /// The client asks a stream for its next piece when it has sent the last one.
  body_type body;
  /// How many bytes the stream has. Without it, they are sent in chunks of HTTP/1.1, which some servers refuse.
  std::optional<std::uint64_t> body_size;

  /// Instead of the client's.
  std::optional<duration> timeout;
  std::optional<duration> connect_timeout;
  std::optional<int> max_redirects;
  std::optional<std::size_t> max_body;

  /// The same in one expression.
  request&& with_header(std::string name, std::string value) && {
    headers.add(std::move(name), std::move(value));
    return std::move(*this);
  }
  request&& with_body_size(std::uint64_t bytes) && {
    body_size = bytes;
    return std::move(*this);
  }
  request&& with_timeout(duration limit) && {
    timeout = limit;
    return std::move(*this);
  }
  request&& with_connect_timeout(duration limit) && {
    connect_timeout = limit;
    return std::move(*this);
  }
  request&& with_max_redirects(int limit) && {
    max_redirects = limit;
    return std::move(*this);
  }
  request&& with_max_body(std::size_t bytes) && {
    max_body = bytes;
    return std::move(*this);
  }
};

}  // namespace interloop::http
