// SPDX-License-Identifier: MIT
#include <interloop/adapters/asio.hpp>

#include <asio.hpp>

namespace net = ::asio;
using net_error_code = asio::error_code;
using net_loop = interloop::asio_loop;
template <class... Argument>
interloop::loop& use_net(Argument&&... argument) {
  return interloop::use_asio(std::forward<Argument>(argument)...);
}
inline bool using_net() { return interloop::using_asio(); }

#include "loops/asio_common/tests/asio_tests.hpp"
