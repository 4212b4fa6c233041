// SPDX-License-Identifier: MIT
#include <interloop/adapters/asio.hpp>

#include <asio.hpp>

namespace net = ::asio;
using net_loop = interloop::asio_loop;

#include "loops/asio_common/tests/own_thread_tests.hpp"
