// SPDX-License-Identifier: MIT
#include "session_core.hpp"
#include "transport.hpp"

#include <utility>

namespace interloop::wamp {

future<session> join(api async, transport_options transport, session_options options) {
  auto over = co_await connect_transport(async, transport);
  co_return co_await join_by(async, std::move(over), std::move(options));
}

}  // namespace interloop::wamp
