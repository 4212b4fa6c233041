// SPDX-License-Identifier: MIT
// What a session is told when it begins, and when it ends; and all that a call may return.
#pragma once

#include <interloop/failure.hpp>
#include <interloop/wamp/value.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace interloop::wamp {

/// From the router's WELCOME.
struct join_details {
  std::uint64_t session = 0;
  std::string realm;
  std::string authid;
  std::string authrole;
  std::string authmethod;
  std::string authprovider;
  /// Everything that the router said, its roles and features included.
  dict all;
};

/// Why a session ended.
struct leave_details {
  /// `wamp.close.normal` and the like, of GOODBYE or ABORT; `wamp.close.transport_lost` if neither came.
  std::string reason;
  /// For people.
  std::string message;
  /// What went wrong, unless one of both sides said GOODBYE: `connection_error`, `protocol_error`, `loop_closed`…
  std::optional<failure> error;
};

/// All results of a call: `call<result>`. A procedure may return one, too.
struct result {
  list args;
  dict kwargs;
  /// The router's: who the callee is, for instance. Not sent by procedures.
  dict details;
};

/// Arguments whose number is not known at compile time. As a procedure's or an event handler's last parameter: all that the
/// parameters before it leave. To `call` and `publish`: that many arguments.
struct arguments {
  list rest;
};

}  // namespace interloop::wamp
