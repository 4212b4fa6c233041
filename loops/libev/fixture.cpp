// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include <interloop/testing/loop_kinds.hpp>

namespace interloop::test {
namespace {

const bool added[] = {
    testing::add_loop({.name = "libev",
                       .make = [] { return std::make_unique<on_libev>(); },
                       .own = [] { return loop_owner(libev_loop()); }}),
    testing::add_conformance({.name = "libev_poll", .make = [] { return std::make_unique<on_libev>(EVBACKEND_POLL); }}),
    testing::add_conformance(
        {.name = "libev_select", .make = [] { return std::make_unique<on_libev>(EVBACKEND_SELECT); }}),
};

}  // namespace
}  // namespace interloop::test
