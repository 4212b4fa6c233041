// SPDX-License-Identifier: MIT
// WAMP, on every loop: everything of this client.
#pragma once

#include <interloop/wamp/codec.hpp>
#include <interloop/wamp/component.hpp>
#include <interloop/wamp/details.hpp>
#include <interloop/wamp/error.hpp>
#include <interloop/wamp/invocation.hpp>
#include <interloop/wamp/operations.hpp>
#include <interloop/wamp/options.hpp>
#include <interloop/wamp/session.hpp>
#include <interloop/wamp/value.hpp>
