// SPDX-License-Identifier: MIT
#include <interloop/adapters/asio_tokens.hpp>

#include <asio.hpp>

namespace net = ::asio;
using net_loop = interloop::asio_loop;

#include "loops/asio_common/bench/coroutines.hpp"
