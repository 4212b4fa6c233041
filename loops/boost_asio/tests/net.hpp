// SPDX-License-Identifier: MIT
// Boost.Asio as the tests of tokens see it (loops/asio_common/tests/).
#pragma once

#if defined(__clang__)  // older releases know only the experimental coroutines of clang
#define BOOST_ASIO_HAS_CO_AWAIT 1
#define BOOST_ASIO_HAS_STD_COROUTINE 1
#endif

#include <interloop/adapters/boost_asio_tokens.hpp>

#include <boost/asio.hpp>

#ifdef BOOST_ASIO_HAS_CO_AWAIT
#define NET_HAS_CO_AWAIT 1
#endif
#define NET_HAS_SLOTS (BOOST_ASIO_VERSION >= 101900)
#define NET_HAS_AS_TUPLE (BOOST_ASIO_VERSION >= 102200)
#define NET_HAS_DEFERRED (BOOST_ASIO_VERSION >= 102200)
#if BOOST_ASIO_VERSION >= 102200 && BOOST_ASIO_VERSION < 102400
#include <boost/asio/experimental/as_tuple.hpp>
#include <boost/asio/experimental/deferred.hpp>
#endif

namespace net = ::boost::asio;
using net_error_code = boost::system::error_code;
using net_system_error = boost::system::system_error;
using net_loop = interloop::boost_asio_loop;
#if BOOST_ASIO_VERSION >= 102400
using net::as_tuple;
using net::deferred;
#elif BOOST_ASIO_VERSION >= 102200
using net::experimental::as_tuple;
using net::experimental::deferred;
#endif
