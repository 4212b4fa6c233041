// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include "support/loops.hpp"

namespace interloop::test {
namespace {

const bool added[] = {
    add_loop({.name = "libev",
              .make = [] { return std::make_unique<on_libev>(); },
              .own = [] { return loop_owner(libev_loop()); }}),
    add_conformance({.name = "libev_poll", .make = [] { return std::make_unique<on_libev>(EVBACKEND_POLL); }}),
    add_conformance({.name = "libev_select", .make = [] { return std::make_unique<on_libev>(EVBACKEND_SELECT); }}),
};

}  // namespace
}  // namespace interloop::test
