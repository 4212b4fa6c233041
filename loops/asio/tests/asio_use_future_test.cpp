// SPDX-License-Identifier: MIT
#include "loops/asio/tests/net.hpp"

#include "loops/asio_common/tests/use_future_tests.hpp"
