// SPDX-License-Identifier: MIT
// A URL, taken apart so that credentials go where they belong and nowhere else.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <optional>
#include <string>

namespace interloop::http {

struct credentials {
  std::string user;
  std::string password;
};

struct free_url {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using parsed_url = std::unique_ptr<CURLU, free_url>;

/// A URL of http or https, or of a proxy. libcurl is never given the credentials inside a URL: its messages and what it
/// makes of a redirect could show them.
struct target {
  std::string url;     // without credentials and fragment
  std::string shown;   // for messages: without the query too, which may be secret
  std::string origin;  // scheme, host and port
  bool encrypted = false;
  std::optional<credentials> given;
  parsed_url parsed;  // `url`, as libcurl takes it without reading the text again for each request

  target() = default;
  /// Throws `usage_error`, whose message does not have the URL. \param what  what it is, for the message.
  target(const std::string& text, const char* what, bool of_proxy = false);
};

}  // namespace interloop::http
