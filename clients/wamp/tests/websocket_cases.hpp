// SPDX-License-Identifier: MIT
// What a server may send by WebSocket, and what a client has to make of it: the cases of Autobahn's test suite that
// concern a client, by their numbers there, and RFC 6455. The suite itself needs Python 2: testsuite/run.sh runs it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wamp_test {

/// One frame, as a server sends it. `first`: FIN (0x80), reserved bits, opcode.
[[nodiscard]] std::string frame(unsigned first, std::string_view payload, bool masked = false);
/// The payload of a close frame.
[[nodiscard]] std::string close_of(unsigned code, std::string_view reason = {});

struct websocket_case {
  std::string name;
  bool text;             // the subprotocol's messages are text
  std::string bytes;     // what the server sends
  std::string expected;  // what the client makes of it: `message:…`, `ping:…`, `close:code reason`, `broken:code`
};

/// \param largest  the longest message that the client accepts, about which there are cases.
[[nodiscard]] std::vector<websocket_case> websocket_cases(std::size_t largest);

/// Of long payloads, only the length.
[[nodiscard]] std::string shown(std::string_view payload);

}  // namespace wamp_test
