// SPDX-License-Identifier: MIT
// The error for what is well-formed, but not a value here: a map's key that is not a text, an extension type, a list that
// is nested too deep. Other clients may send it, and a router passes it on, so it must not end a session.
#pragma once

#include <interloop/wamp/error.hpp>

namespace interloop::wamp {

class unreadable final : public protocol_error {
 public:
  using protocol_error::protocol_error;
};

}  // namespace interloop::wamp
