// SPDX-License-Identifier: MIT
#include <interloop/adapters/boost_asio_tokens.hpp>

#include <boost/asio.hpp>

namespace net = ::boost::asio;
using net_loop = interloop::boost_asio_loop;

#include "loops/asio_common/bench/coroutines.hpp"
