// SPDX-License-Identifier: MIT
// Standalone Asio as the tests of tokens see it (loops/asio_common/tests/).
#pragma once

#if defined(__clang__)  // older releases know only the experimental coroutines of clang
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#endif

#include <interloop/adapters/asio_tokens.hpp>

#include <asio.hpp>

#ifdef ASIO_HAS_CO_AWAIT
#define NET_HAS_CO_AWAIT 1
#endif
#define NET_HAS_SLOTS (ASIO_VERSION >= 101900)
#define NET_HAS_AS_TUPLE (ASIO_VERSION >= 102200)
#define NET_HAS_DEFERRED (ASIO_VERSION >= 102200)
#if ASIO_VERSION >= 102200 && ASIO_VERSION < 102400
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
#endif

namespace net = ::asio;
using net_error_code = asio::error_code;
using net_system_error = asio::system_error;
using net_loop = interloop::asio_loop;
#if ASIO_VERSION >= 102400
using net::as_tuple;
using net::deferred;
#elif ASIO_VERSION >= 102200
using net::experimental::as_tuple;
using net::experimental::deferred;
#endif
