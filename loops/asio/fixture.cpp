// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace interloop::test {
namespace {

const bool added = add_asio<asio_flavour>("asio");

}  // namespace
}  // namespace interloop::test
