// SPDX-License-Identifier: MIT
// Where a transport's URL leads.
#pragma once

#include "clients/stream/address.hpp"

#include <string>

namespace interloop::wamp {

struct transport_url {
  bool websocket = false;  // otherwise RawSocket
  bool secure = false;
  streams::address where{};
  // Of WebSocket's request.
  std::string host{};      // `Host`
  std::string resource{};  // begins with a slash
};

/// Errors: `usage_error` for a URL that cannot be used; the message says why, and does not contain a password.
[[nodiscard]] transport_url parse_url(const std::string& url);

}  // namespace interloop::wamp
