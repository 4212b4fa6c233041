// SPDX-License-Identifier: MIT
// The errors of requests. Others are `interloop::timeout_error`, `interloop::cancelled_error` and
// `interloop::loop_closed`, and `interloop::usage_error` for a request that cannot be sent.
#pragma once

#include <interloop/error.hpp>

#include <string>
#include <utility>

namespace interloop::http {

/// There is no (complete) response: no connection, a certificate that was not accepted, a connection that was lost, a
/// response that is not HTTP or too large, a closed client. A response that says 404 or 500 is not an error.
///
/// The message has the method, the URL without credentials and query, and what happened. It is unknown whether the
/// server has acted on the request, except if there was no connection.
class http_error : public interloop::error {
 public:
  /// \param code  libcurl's number for the kind of error, a `CURLcode`.
  http_error(const std::string& message, int code, std::string url)
      : error(message), code_(code), url_(std::move(url)) {}
  ~http_error() override;

  /// The `CURLcode` (see libcurl-errors(3)): 7, `CURLE_COULDNT_CONNECT`, for instance.
  [[nodiscard]] int code() const noexcept { return code_; }

  /// The URL that was asked for last, after redirects; without credentials, query and fragment.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  int code_;
  std::string url_;
};

}  // namespace interloop::http
