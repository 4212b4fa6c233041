// SPDX-License-Identifier: MIT
#include "loops/boost_asio/tests/net.hpp"

#include "loops/asio_common/tests/get_tests.hpp"
