// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace interloop::test {
namespace {

const bool added = add_asio<boost_asio_flavour>("boost_asio");

}  // namespace
}  // namespace interloop::test
