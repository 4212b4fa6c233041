// SPDX-License-Identifier: MIT
// A response: its head, and its body as a text or as a stream.
#pragma once

#include <interloop/http/headers.hpp>
#include <interloop/http/request.hpp>

#include <string>

namespace interloop::http {

/// The version of HTTP that a response was in.
enum class version : unsigned char { http1_0, http1_1, http2, http3 };

/// What precedes the body.
struct response_head {
  int status = 0;
  http::version version = version::http1_1;
  header_list headers{};
  /// Where it came from: the URL that was asked for, or where redirects led. Without credentials and fragment.
  std::string url{};

  /// Whether the status is 2xx.
  [[nodiscard]] bool ok() const noexcept { return status >= 200 && status < 300; }
};

/// A whole response. A value.
struct response : response_head {
  std::string body{};
};

/// A response whose body is still arriving.
///
/// `while (auto some = co_await got.body.next())` reads it. The client reads ahead of that by a limited amount only
/// (`client_options::stream_buffer`), and then lets the server wait. Destroying `body` ends the transfer.
/// Errors of `next`: `http_error`, `timeout_error`, as for a whole response.
struct streamed_response : response_head {
  byte_stream body{};
};

}  // namespace interloop::http
