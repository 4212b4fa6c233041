// SPDX-License-Identifier: MIT
#include "loops/asio/tests/net.hpp"

#include "loops/asio_common/tests/get_tests.hpp"
