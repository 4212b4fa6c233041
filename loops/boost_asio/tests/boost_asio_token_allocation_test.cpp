// SPDX-License-Identifier: MIT
#include "loops/boost_asio/tests/net.hpp"

#include "loops/asio_common/tests/token_allocation_tests.hpp"
