// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include <interloop/testing/loop_kinds.hpp>

#include <memory>

namespace interloop::test {
namespace {

using testing::conformance::ability;

const bool added = testing::add_loop({.name = "poll",
                                      .make = [] { return std::make_unique<on_poll>(); },
                                      .lacks = {{ability::calls_natively, "it has no handlers besides interloop's"},
                                                {ability::watches_natively, "it has no handlers besides interloop's"}},
                                      .own = [] { return loop_owner(poll_loop()); }});

}  // namespace
}  // namespace interloop::test
