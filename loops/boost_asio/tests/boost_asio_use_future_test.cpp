// SPDX-License-Identifier: MIT
#include "loops/boost_asio/tests/net.hpp"

#include "loops/asio_common/tests/use_future_tests.hpp"
