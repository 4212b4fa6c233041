// SPDX-License-Identifier: MIT
#include <interloop/adapters/boost_asio.hpp>

#include <boost/asio.hpp>

namespace net = ::boost::asio;
using net_error_code = boost::system::error_code;
using net_loop = interloop::boost_asio_loop;
template <class... Argument>
interloop::loop& use_net(Argument&&... argument) {
  return interloop::use_boost_asio(std::forward<Argument>(argument)...);
}
inline bool using_net() { return interloop::using_boost_asio(); }

#include "loops/asio_common/tests/asio_tests.hpp"
