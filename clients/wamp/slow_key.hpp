// SPDX-License-Identifier: MIT
// Keys that take long are made in threads, so that they do not hold up the loop.
#pragma once

#include "authenticate.hpp"

#include <interloop/api.hpp>
#include <interloop/future.hpp>

#include <string>

namespace interloop::wamp {

/// The key, from a thread of its own. That may outlast the session, and even the loop; the end of the process waits for it.
future<std::string> key_from_thread(const api& async, derivation slow);

}  // namespace interloop::wamp
